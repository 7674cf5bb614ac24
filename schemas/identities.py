"""The first characters of an identity flow in, its check character flows out."""

from __future__ import annotations

# GB 32100-2015: 31 characters, without I, O, S, V, Z; weight of place i is 3^(i-1) mod 31.
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
USCC_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))

# GB 11714-1997: the full alphabet, A = 10 to Z = 35.
ORG_CODE_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ORG_CODE_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)

# GB 11643-1999: ISO 7064 MOD 11-2.
ID_CARD_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ID_CARD_CHECKS = "10X98765432"

# GA 36: a province, a letter, then five characters, of new-energy vehicles six; the last may say what for.
PLATE = (
    "[京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新][A-Z][A-HJ-NP-Z0-9]{4,5}[A-HJ-NP-Z0-9挂学警港澳]"
)


def _weighted_sum(text: str, alphabet: str, weights: tuple[int, ...]) -> int:
    return sum(alphabet.index(char) * weight for char, weight in zip(text, weights, strict=True))


def uscc_check_char(first17: str) -> str:
    """The 18th character of a 统一社会信用代码 (GB 32100-2015); ValueError for characters or lengths it cannot have."""
    return USCC_ALPHABET[-_weighted_sum(first17, USCC_ALPHABET, USCC_WEIGHTS) % 31]


def org_code_check_char(first8: str) -> str:
    """The 9th character of a 组织机构代码 (GB 11714-1997); ValueError for characters or lengths it cannot have."""
    return "0123456789X"[-_weighted_sum(first8, ORG_CODE_ALPHABET, ORG_CODE_WEIGHTS) % 11]


def id_card_check_char(first17: str) -> str:
    """The 18th character of a 公民身份号码 (GB 11643-1999); ValueError for characters or lengths it cannot have."""
    return ID_CARD_CHECKS[_weighted_sum(first17, "0123456789", ID_CARD_WEIGHTS) % 11]
