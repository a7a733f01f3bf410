"""May this person be proposed for a post of this tier? Dated rules of policy over plain records."""

from __future__ import annotations

from datetime import date

from cakap.policy.book import Policy
from cakap.registry.queries import Record
from cakap.registry.reference import EDUCATION_ORDER, RANK_ORDER, STEP


def age_on(birth: date, day: date) -> int:
    """Whole years of age."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def reasons_against(record: Record, tier: str, policy: Policy, *, on: date) -> list[str]:
    """Why a person may not be proposed for a post of a tier on a day; empty when nothing speaks against.

    A post of one's own tier is a rotation: the ladder's conditions were met when one climbed.
    """
    reasons = [
        *_conduct(record, policy, on),
        *_time_in_post(record, policy, on),
        *_age(record, tier, policy, on),
    ]
    if STEP[tier] < STEP.get(record.tier, 0):
        reasons.append("jabatan itu lebih rendah daripada jabatannya sekarang")
    if tier != record.tier:
        reasons += _ladder(record, tier, policy)
    return reasons


def _conduct(record: Record, policy: Policy, on: date) -> list[str]:
    years = policy["posts.discipline_years"]
    if record.discipline and (on - record.discipline).days < 365.25 * years:
        return [f"hukuman disiplin sedang atau berat dalam {years} tahun terakhir"]
    return []


def _time_in_post(record: Record, policy: Policy, on: date) -> list[str]:
    least = policy["posts.rotation_min_years"].get(record.tier, 0)
    if record.since is None:
        return []
    years = (on - record.since).days / 365.25
    if years < least:
        return [
            f"baru {years:.1f} tahun dalam jabatan sekarang; diperlukan {least} tahun".replace(
                ".", ","
            )
        ]
    return []


def _age(record: Record, tier: str, policy: Policy, on: date) -> list[str]:
    age = age_on(record.employee.birth_date, on)
    rule = policy.get(f"posts.eligibility.{tier}") or {}
    most = rule.get("max_age", 0)
    if tier != record.tier and most and age > most:
        return [f"berusia {age} tahun pada {on:%d-%m-%Y}; paling tinggi {most} tahun"]
    retires = policy["posts.retirement_age"][tier]
    return [f"mencapai batas usia pensiun {retires} tahun"] if age >= retires else []


def _ladder(record: Record, tier: str, policy: Policy) -> list[str]:
    rule = policy.get(f"posts.eligibility.{tier}")
    if rule is None:
        return ["tidak ada aturan syarat untuk jenjang itu"]
    person = record.employee
    reasons = []
    if RANK_ORDER.get(person.rank, 0) < RANK_ORDER[rule["min_rank"]]:
        reasons.append(f"pangkat {person.rank}; diperlukan paling rendah {rule['min_rank']}")
    if EDUCATION_ORDER[person.education] < EDUCATION_ORDER[rule["education"]]:
        reasons.append(
            f"pendidikan {person.education}; diperlukan paling rendah {rule['education']}"
        )
    if record.experience_years < rule["experience_years"]:
        reasons.append(
            f"pengalaman jabatan {record.experience_years:.1f} tahun; "
            f"diperlukan {rule['experience_years']} tahun".replace(".", ",")
        )
    prior = max((record.tier_years.get(one, 0.0) for one in rule["prior_tiers"]), default=0.0)
    if prior < rule["prior_years"]:
        reasons.append(
            f"belum {rule['prior_years']} tahun pada jenjang "
            + " atau ".join(one.replace("_", " ") for one in rule["prior_tiers"])
        )
    return reasons
