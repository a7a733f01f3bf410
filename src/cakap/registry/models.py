from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cakap.accounts.models import Agency, OwnedManager, User
from cakap.registry.reference import INTERESTS


class Tier(models.TextChoices):
    """Jenjang jabatan."""

    JPT_MADYA = "jpt_madya", "JPT Madya"
    JPT_PRATAMA = "jpt_pratama", "JPT Pratama"
    ADMINISTRATOR = "administrator", "Administrator"
    PENGAWAS = "pengawas", "Pengawas"
    PELAKSANA = "pelaksana", "Pelaksana"
    JF_UTAMA = "jf_utama", "JF Ahli Utama"
    JF_MADYA = "jf_madya", "JF Ahli Madya"
    JF_MUDA = "jf_muda", "JF Ahli Muda"
    JF_PERTAMA = "jf_pertama", "JF Ahli Pertama"
    JF_PENYELIA = "jf_penyelia", "JF Penyelia"
    JF_MAHIR = "jf_mahir", "JF Mahir"
    JF_TERAMPIL = "jf_terampil", "JF Terampil"


class Sex(models.TextChoices):
    """Jenis kelamin, as the registry writes it."""

    MALE = "L", _("laki-laki")
    FEMALE = "P", _("perempuan")


class Unit(models.Model):
    """An office of an agency; offices form a tree."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="units")
    code = models.CharField(max_length=50)
    name = models.CharField(max_length=200)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )
    location = models.CharField(max_length=100, blank=True)

    owners: ClassVar = ("agency",)

    objects = OwnedManager()

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["agency", "code"], name="unit_code_once_an_agency"),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")),
                name="unit_not_its_own_parent",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Position(models.Model):
    """A post: one row may stand for several equal seats (`headcount`)."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="positions")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="positions")
    code = models.CharField(max_length=50)
    title = models.CharField(max_length=200)
    tier = models.CharField(max_length=20, choices=Tier)
    eselon = models.CharField(max_length=5, blank=True)
    job_class = models.PositiveSmallIntegerField(null=True, blank=True)
    headcount = models.PositiveSmallIntegerField(default=1)
    location = models.CharField(max_length=100, blank=True)
    # Minat kerja, a job requirement of job analysis: up to three of Holland's types, the weightiest first.
    interests = models.CharField(max_length=3, blank=True)

    owners: ClassVar = ("agency",)

    objects = OwnedManager()

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["agency", "code"], name="position_code_once_an_agency"),
            models.CheckConstraint(condition=Q(headcount__gte=1), name="position_has_a_seat"),
            models.CheckConstraint(
                condition=Q(job_class__isnull=True) | Q(job_class__range=(1, 17)),
                name="position_class_1_to_17",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def interest_names(self) -> str:
        return ", ".join(INTERESTS[letter] for letter in self.interests)


class Employee(models.Model):
    """An ASN. `synthetic` marks an invented person, and no page hides it."""

    class Type(models.TextChoices):
        PNS = "PNS", "PNS"
        PPPK = "PPPK", "PPPK"

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="employees")
    user = models.OneToOneField(User, models.SET_NULL, null=True, blank=True)
    nip = models.CharField(max_length=18, unique=True)
    name = models.CharField(max_length=200)
    title_front = models.CharField(max_length=50, blank=True)
    title_back = models.CharField(max_length=100, blank=True)
    birth_date = models.DateField()
    sex = models.CharField(max_length=1, choices=Sex)
    type = models.CharField(max_length=4, choices=Type, default=Type.PNS)
    rank = models.CharField(max_length=5)
    rank_since = models.DateField(null=True, blank=True)
    education = models.CharField(max_length=5)
    education_field = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=254, blank=True)
    synthetic = models.BooleanField(default=False)

    owners: ClassVar = ("agency",)

    objects = OwnedManager()

    class Meta:
        ordering = ["name", "nip"]
        constraints = [
            models.CheckConstraint(condition=Q(nip__regex=r"^\d{18}$"), name="nip_has_18_digits")
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.nip})"

    @property
    def full_name(self) -> str:
        front = f"{self.title_front} " if self.title_front else ""
        back = f", {self.title_back}" if self.title_back else ""
        return f"{front}{self.name}{back}"


class Portrait(models.Model):
    """An employee's picture on record, to be compared with the face at the door."""

    employee = models.OneToOneField(Employee, models.CASCADE, related_name="portrait")
    content = models.BinaryField()
    media_type = models.CharField(max_length=20)
    updated_at = models.DateTimeField()

    owners: ClassVar = ("employee__agency",)

    objects = OwnedManager()


class Appointment(models.Model):
    """A person in a post for a time. One may hold a post of one's own and act in others."""

    class Kind(models.TextChoices):
        DEFINITIVE = "definitif", _("Definitif")
        PLT = "plt", _("Pelaksana Tugas (Plt)")
        PLH = "plh", _("Pelaksana Harian (Plh)")
        PJ = "pj", _("Penjabat (Pj)")

    employee = models.ForeignKey(Employee, models.PROTECT, related_name="appointments")
    position = models.ForeignKey(Position, models.PROTECT, related_name="appointments")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.DEFINITIVE)
    start = models.DateField()
    end = models.DateField(null=True, blank=True)
    decree = models.CharField(max_length=100, blank=True)

    owners: ClassVar = ("position__agency",)

    objects = OwnedManager()

    class Meta:
        ordering = ["-start"]
        constraints = [
            models.UniqueConstraint(
                fields=["employee"],
                condition=Q(end__isnull=True, kind="definitif"),
                name="appointment_one_definitive_post",
            ),
            models.UniqueConstraint(
                fields=["employee", "position", "kind", "start"], name="appointment_once"
            ),
            models.CheckConstraint(
                condition=Q(end__isnull=True) | Q(end__gte=F("start")),
                name="appointment_ends_after_it_starts",
            ),
        ]


class Education(models.Model):
    """A degree in a person's history."""

    employee = models.ForeignKey(Employee, models.PROTECT, related_name="educations")
    level = models.CharField(max_length=5)
    field = models.CharField(max_length=200)
    institution = models.CharField(max_length=200, blank=True)
    year = models.PositiveSmallIntegerField()

    owners: ClassVar = ("employee__agency",)

    objects = OwnedManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["employee", "level", "field"], name="education_once")
        ]


class Training(models.Model):
    """A course that a person has finished."""

    employee = models.ForeignKey(Employee, models.PROTECT, related_name="trainings")
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=50)
    hours = models.PositiveSmallIntegerField(null=True, blank=True)
    year = models.PositiveSmallIntegerField()

    owners: ClassVar = ("employee__agency",)

    objects = OwnedManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["employee", "name", "year"], name="training_once")
        ]


class Discipline(models.Model):
    """A disciplinary sanction (hukuman disiplin)."""

    class Level(models.TextChoices):
        LIGHT = "ringan", _("Ringan")
        MEDIUM = "sedang", _("Sedang")
        HEAVY = "berat", _("Berat")

    employee = models.ForeignKey(Employee, models.PROTECT, related_name="disciplines")
    level = models.CharField(max_length=10, choices=Level)
    start = models.DateField()
    end = models.DateField(null=True, blank=True)
    decree = models.CharField(max_length=100)

    owners: ClassVar = ("employee__agency",)

    objects = OwnedManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["employee", "decree"], name="discipline_once")
        ]


class Performance(models.Model):
    """The yearly SKP predicate."""

    class Predicate(models.TextChoices):
        EXCELLENT = "sangat_baik", _("Sangat Baik")
        GOOD = "baik", _("Baik")
        NEEDS_WORK = "butuh_perbaikan", _("Butuh Perbaikan")
        POOR = "kurang", _("Kurang")
        VERY_POOR = "sangat_kurang", _("Sangat Kurang")

    employee = models.ForeignKey(Employee, models.PROTECT, related_name="performances")
    year = models.PositiveSmallIntegerField()
    predicate = models.CharField(max_length=20, choices=Predicate)

    owners: ClassVar = ("employee__agency",)

    objects = OwnedManager()

    class Meta:
        ordering = ["-year"]
        constraints = [
            models.UniqueConstraint(fields=["employee", "year"], name="performance_once_a_year")
        ]


class Competency(models.Model):
    """An entry of the dictionary; without an agency it is everybody's."""

    class Kind(models.TextChoices):
        MANAGERIAL = "manajerial", _("Manajerial")
        SOCIOCULTURAL = "sosial_kultural", _("Sosial kultural")
        TECHNICAL = "teknis", _("Teknis")

    agency = models.ForeignKey(Agency, models.PROTECT, null=True, blank=True)
    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=100)
    name_en = models.CharField(max_length=100, blank=True)
    kind = models.CharField(max_length=20, choices=Kind)
    definition = models.TextField()

    class Meta:
        ordering = ["code"]
        verbose_name_plural = "competencies"

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class CompetencyLevel(models.Model):
    """What a level of a competency means, with the behaviours that show it."""

    competency = models.ForeignKey(Competency, models.CASCADE, related_name="levels")
    level = models.PositiveSmallIntegerField()
    description = models.TextField()
    indicators = models.JSONField(default=list)

    class Meta:
        ordering = ["level"]
        constraints = [
            models.UniqueConstraint(fields=["competency", "level"], name="competency_level_once"),
            models.CheckConstraint(
                condition=Q(level__range=(1, 5)), name="competency_level_1_to_5"
            ),
        ]


class Standard(models.Model):
    """What a post asks for (standar kompetensi jabatan), in versions; results keep theirs."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Rancangan")
        APPROVED = "approved", _("Ditetapkan")

    position = models.ForeignKey(Position, models.PROTECT, related_name="standards")
    version = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    effective = models.DateField()
    basis = models.CharField(max_length=200, blank=True)

    owners: ClassVar = ("position__agency",)

    objects = OwnedManager()

    class Meta:
        ordering = ["position", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["position", "version"], name="standard_version_once")
        ]


class StandardLine(models.Model):
    """The level of one competency that a standard asks for."""

    standard = models.ForeignKey(Standard, models.CASCADE, related_name="lines")
    competency = models.ForeignKey(Competency, models.PROTECT)
    level = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["competency"]
        constraints = [
            models.UniqueConstraint(fields=["standard", "competency"], name="standard_line_once"),
            models.CheckConstraint(condition=Q(level__range=(1, 5)), name="standard_level_1_to_5"),
        ]
