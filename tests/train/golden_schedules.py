#!/usr/bin/env python3
"""Prints golden_schedules.h: retraining rates from the formulas, apart from Pollard's code.

    python3 tests/train/golden_schedules.py > tests/train/golden_schedules.h

Arithmetic is exact (fractions) but for the cosine and the square root (40 digits), so a count such as
floor(0.1 N) is that of the numbers as written. Standard library only.
"""

from decimal import Decimal, getcontext
from fractions import Fraction as F

getcontext().prec = 40


def fraction(value):
    """A Decimal as a Fraction."""
    return F(*value.as_integer_ratio())


def cos_pi(x):
    """cos(pi x) for a Fraction x in [0, 1], by its Taylor series."""
    pi = Decimal("3.141592653589793238462643383279502884197169")
    y = Decimal(x.numerator) / Decimal(x.denominator) * pi
    term = total = Decimal(1)
    for k in range(1, 60):
        term = -term * y * y / ((2 * k - 1) * (2 * k))
        total += term
    return fraction(total)


def clip(value, low, high):
    return max(low, min(value, high))


def discount(r, s, n, t):
    """ALLR's d = clip(r / sqrt(s), min(N / T, 1), 1)."""
    low = min(F(n, t), F(1))
    if s == 0:
        return low
    root = (Decimal(s.numerator) / Decimal(s.denominator)).sqrt()
    return clip(r / fraction(root), low, F(1))


def warm(eta0, w, start):
    """Half a cosine from `start` to eta0; step w would give eta0."""
    return [start + (eta0 - start) * (1 - cos_pi(F(j, w))) / 2 for j in range(w)]


def cosine(a, b, n):
    return [b + (a - b) * (1 + cos_pi(F(i, n))) / 2 for i in range(n)]


def linear(a, b, n):
    return [a + (b - a) * F(i, n) for i in range(n)]


def step(eta0, milestones, gamma, j, n):
    """The rate of iteration j of n. No milestone here falls half-way between two iterations."""
    for m in milestones:
        assert m * n % 1 != F(1, 2)
        if j >= round(m * n):
            eta0 *= gamma
    return eta0


def curve(original, kind, n, share="0.1", start="0", drop=None, lr="0.1", end="0",
          milestones=("0.5", "0.75"), gamma="0.1"):
    """(warm-up iterations, rates)"""
    etas, original_warmup = original
    t = len(etas)
    largest, smallest = max(etas), min(etas[original_warmup:])
    if kind == "ft":
        return 0, [smallest] * n
    if kind == "lrw":
        return 0, [etas[t - n + i] for i in range(n)]
    if kind == "constant":
        return 0, [F(lr)] * n
    w = F(share) * n // 1
    r = n - w
    if kind == "slr":
        full = [largest] * original_warmup + etas[original_warmup:]
        return w, warm(largest, w, F(start)) + [full[i * t // r] for i in range(r)]
    if kind == "clr":
        return w, warm(largest, w, F(start)) + cosine(largest, smallest, r)
    if kind == "llr":
        return w, warm(largest, w, F(start)) + linear(largest, F(0), r)
    if kind == "allr":
        eta0 = largest * (discount(F(drop[0]), F(drop[1]), n, t) if drop else 1)
        return w, warm(eta0, w, min(F(start), eta0)) + linear(eta0, F(0), r)
    eta0 = F(lr)
    up = warm(eta0, w, F(start))
    if kind == "cosine":
        return w, up + cosine(eta0, F(end), r)
    if kind == "linear":
        return w, up + linear(eta0, F(end), r)
    if kind == "step":
        stones = [F(m) for m in milestones]
        return w, up + [step(eta0, stones, F(gamma), j, n) for j in range(w, n)]
    raise ValueError(kind)


def stepped(t):
    """0.1, a tenth of it from the half, a hundredth from three quarters."""
    return [F("0.1") / (1 if 2 * i < t else 10 if 4 * i < 3 * t else 100) for i in range(t)], 0


ORIGINALS = {
    "stepped": stepped(40),
    # Two iterations of warm-up whose first rate is the smallest of all.
    "warmed": ([F(1, 100), F(2, 5)] + [F(4, 5)] * 4 + [F(2, 5)] * 3 + [F(1, 5)] * 3, 2),
    "falling": ([F(i, 24) for i in range(24, 0, -1)], 0),  # linear to 0: eta_min = eta_max / T
    "onecycle": ([F(1, 20), F(1, 2), F(1), F(7, 10), F(2, 5), F(1, 10), F(1, 1000)], 2),
}

CASES = [
    (name, kind, n, {})
    for name in ORIGINALS
    for kind in ("ft", "slr", "clr", "llr", "allr")
    for n in (1, 7, 10, 33)
] + [
    ("stepped", "lrw", 1, {}),
    ("stepped", "lrw", 15, {}),
    ("stepped", "lrw", 40, {}),
    ("warmed", "lrw", 11, {}),
    ("falling", "lrw", 10, {}),
    ("stepped", "slr", 50, dict(share="0.2", start="0.001")),
    ("stepped", "clr", 50, dict(start="0.001")),
    ("falling", "llr", 20, dict(share="0.25", start="0.5")),
    ("warmed", "clr", 12, dict(share="0")),
    # r / sqrt(s) below N / T, between the bounds, above 1; nothing removed; longer than the original.
    ("falling", "allr", 12, dict(drop=("0.01", "0.9"))),
    ("falling", "allr", 12, dict(drop=("0.6", "0.9"))),
    ("falling", "allr", 12, dict(drop=("0.9", "0.25"))),
    ("falling", "allr", 12, dict(drop=("0", "0"))),
    ("falling", "allr", 36, dict(drop=("0.1", "0.9"))),
    ("stepped", "allr", 20, dict(drop=("0.3", "0.2"), share="0.2", start="0.001")),
    ("stepped", "allr", 10, dict(drop=("0.01", "0.2"), share="0.2", start="0.09")),
    ("stepped", "constant", 8, dict(lr="0.001")),
    # Le & Hua's SLR: /10 at 50 % and 75 % of what the warm-up leaves, 0.1 + 0.9 * 0.5 and so on.
    ("stepped", "step", 40, dict(start="0.001", milestones=("0.55", "0.775"))),
    ("stepped", "step", 10, dict(lr="2", milestones=("0.32", "0.91"), gamma="0.5", share="0.4")),
    ("stepped", "cosine", 25, dict(lr="0.05", end="0.002", share="0.2", start="0.01")),
    ("stepped", "cosine", 9, dict(lr="0.05", share="0")),
    ("stepped", "linear", 25, dict(lr="0.05", end="0.002")),
    ("stepped", "linear", 10, dict(lr="0.05", share="0")),
]

FIELDS = dict(share="warmup", start="warmup_from", lr="rate", end="end_rate",
              milestones="milestones", gamma="gamma", drop="drop")


def number(value):
    return repr(float(value))


def braces(values):
    return "{" + ", ".join(values) + "}"


def settings(kind, options):
    fields = [f'.kind = "{kind}"']
    for option, field in FIELDS.items():  # in the order of the struct, as C++ wants it
        if option in options:
            value = options[option]
            fields.append(f".{field} = " + (value if isinstance(value, str) else
                                            ("PruneDrop" if option == "drop" else "") + braces(value)))
    return braces(fields)


def main():
    print("// Made by golden_schedules.py, which says how; do not edit it by hand.")
    print("// clang-format off")
    print("#pragma once\n\n#include <vector>\n\n#include \"pollard/schedule.h\"\n")
    print("namespace pollard::test {\n")
    for name, (etas, warmup) in ORIGINALS.items():
        print(f"inline const LearningRates k{name.capitalize()} = "
              + "{" + braces(number(eta) for eta in etas) + f", {warmup}" + "};")
    print("\nstruct GoldenSchedule {\n  const char* original_name;\n  const LearningRates& original;")
    print("  RetrainingSchedule schedule;\n  LearningRates wanted;\n};\n")
    print("inline const std::vector<GoldenSchedule> kGoldenSchedules = {")
    for name, kind, n, options in CASES:
        warmup, rates = curve(ORIGINALS[name], kind, n, **options)
        assert len(rates) == n
        print(f'  {{"{name}", k{name.capitalize()}, {settings(kind, options)},')
        print("   {" + braces(number(rate) for rate in rates) + f", {warmup}" + "}},")
    print("};\n\n}  // namespace pollard::test")


if __name__ == "__main__":
    main()
