from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cakap.accounts.models import Agency, OwnedManager


class Item(models.Model):
    """A question as an idea; what participants see is one of its versions.

    `dimension` is what it measures: a competency's code, a reasoning area or an interest type.
    """

    class Kind(models.TextChoices):
        SINGLE = "single", _("Pilihan tunggal (satu benar)")
        GRADED = "graded", _("Situasional (pilihan bernilai 1–5)")
        LIKERT = "likert", _("Skala Likert")
        MULTIPLE = "multiple", _("Pilihan jamak")
        MATRIX = "matrix", _("Matriks")
        RANK = "rank", _("Peringkat (pilihan paksa)")
        ORDER = "order", _("Pengurutan")
        MATCH = "match", _("Penjodohan")
        GAP = "gap", _("Rumpang dengan pilihan bersama")
        INLINE = "inline", _("Rumpang dengan pilihan sendiri")
        NUMERIC = "numeric", _("Isian bilangan")
        TEXT = "text", _("Isian singkat")
        ESSAY = "essay", _("Uraian")
        HOTSPOT = "hotspot", _("Titik pada gambar")
        SLIDER = "slider", _("Penggeser")

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="items")
    code = models.CharField(max_length=50)
    kind = models.CharField(max_length=10, choices=Kind)
    dimension = models.CharField(max_length=20)

    owners: ClassVar = ("agency",)

    objects = OwnedManager()

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["agency", "code"], name="item_code_once_an_agency")
        ]


class Asset(models.Model):
    """A picture, a sound or a film of the bank, under the digest of its content.

    Markup names it `berkas:<digest>`; whoever shows the markup says where that is.
    """

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="assets")
    digest = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=50)
    content = models.BinaryField()

    owners: ClassVar = ("agency",)

    objects = OwnedManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agency", "digest"], name="asset_once_an_agency")
        ]


class Stimulus(models.Model):
    """A text, picture or recording that several items are about; other content is another version."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="stimuli")
    code = models.CharField(max_length=50)
    version = models.PositiveSmallIntegerField(default=1)
    title = models.CharField(max_length=200)
    content = models.TextField()

    owners: ClassVar = ("agency",)

    objects = OwnedManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["agency", "code", "version"], name="stimulus_version_once"
            )
        ]


class ItemVersion(models.Model):
    """What is asked: never edited once used. Its key lives in another table, out of delivery's reach.

    `options` are what may be chosen, `layout` is what its kind needs besides (itembank.responses).
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Rancangan")
        PILOTED = "piloted", _("Diuji coba")
        OPERATIONAL = "operational", _("Dipakai")
        RETIRED = "retired", _("Ditarik")

    item = models.ForeignKey(Item, models.PROTECT, related_name="versions")
    version = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=12, choices=State, default=State.DRAFT)
    stem = models.TextField()
    options = models.JSONField()
    layout = models.JSONField(default=dict, blank=True)
    stimulus = models.ForeignKey(
        Stimulus, models.PROTECT, null=True, blank=True, related_name="versions"
    )
    example = models.BooleanField(default=False)

    owners: ClassVar = ("item__agency",)

    objects = OwnedManager()

    class Meta:
        ordering = ["item", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["item", "version"], name="item_version_once")
        ]


class ItemKey(models.Model):
    """What a response to a version is worth: {option id: category from 0}, or what itembank.marking says."""

    version = models.OneToOneField(ItemVersion, models.PROTECT, related_name="key")
    scores = models.JSONField()


class ItemParameters(models.Model):
    """Response-model parameters of a version: a slope and one threshold between categories.

    P(category >= k | theta) = logistic(slope (theta - thresholds[k - 1])); two categories are 2PL.
    """

    class Source(models.TextChoices):
        SIMULATED = "simulated", _("simulasi, bukan kalibrasi")
        CALIBRATED = "calibrated", _("kalibrasi")

    version = models.ForeignKey(ItemVersion, models.PROTECT, related_name="parameters")
    slope = models.FloatField()
    thresholds = models.JSONField()
    source = models.CharField(max_length=12, choices=Source)
    adopted_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version"],
                condition=Q(retired_at__isnull=True),
                name="parameters_one_in_force",
            )
        ]


class Form(models.Model):
    """A test as given: sections of item versions in an order. Frozen by its first use."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="forms")
    code = models.CharField(max_length=50)
    name = models.CharField(max_length=200)
    minutes = models.PositiveSmallIntegerField()
    frozen_at = models.DateTimeField(null=True, blank=True)

    owners: ClassVar = ("agency",)

    objects = OwnedManager()

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["agency", "code"], name="form_code_once_an_agency"),
            models.CheckConstraint(condition=Q(minutes__gte=1), name="form_has_time"),
        ]

    def __str__(self) -> str:
        return self.name


class Section(models.Model):
    """A part of a form; `shuffle` gives each participant an own order, `minutes` a time of its own.

    With `adaptive_items` its items are a pool: each participant is given at most so many, chosen by
    the answers before, until the error is down to `adaptive_precision`.
    """

    form = models.ForeignKey(Form, models.CASCADE, related_name="sections")
    place = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=200)
    instructions = models.TextField(blank=True)
    shuffle = models.BooleanField(default=True)
    minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    adaptive_items = models.PositiveSmallIntegerField(null=True, blank=True)
    adaptive_precision = models.FloatField(default=0)
    adaptive_among = models.PositiveSmallIntegerField(default=5)

    class Meta:
        ordering = ["place"]
        constraints = [
            models.UniqueConstraint(fields=["form", "place"], name="section_place_once"),
            models.CheckConstraint(
                condition=Q(adaptive_items__isnull=True) | Q(adaptive_items__gte=1),
                name="section_adaptive_gives_items",
            ),
        ]


class FormItem(models.Model):
    """One item version in a section."""

    section = models.ForeignKey(Section, models.CASCADE, related_name="items")
    place = models.PositiveSmallIntegerField()
    version = models.ForeignKey(ItemVersion, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["section", "place"]
        constraints = [
            models.UniqueConstraint(fields=["section", "place"], name="form_item_place_once"),
            models.UniqueConstraint(fields=["section", "version"], name="form_item_once"),
        ]
