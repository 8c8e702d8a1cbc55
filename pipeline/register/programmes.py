"""The programmes of social assistance that forms name, in the order printed."""

from typing import Final

PROGRAMMES: Final[tuple[tuple[str, str, str], ...]] = (
    ("PBI", "PBI JKN (APBN)", "Health insurance, state"),
    ("PBD", "PBI Daerah (APBD)", "Health insurance, district"),
    ("PKH", "Program Keluarga Harapan", "Family Hope Programme"),
    ("SMB", "Program Sembako", "Staple food programme"),
    ("CBP", "Bantuan beras", "Rice aid"),
    ("BLT", "BLT Dana Desa", "Village cash aid"),
    ("RTL", "Rehabilitasi RTLH", "Repair of unfit houses"),
    ("BSP", "BSPS (rumah swadaya)", "Self-help housing"),
    ("PMK", "Permakanan", "Meals for the aged and disabled"),
    ("SDG", "Sandang", "Clothing"),
    ("ATS", "ATENSI", "Social rehabilitation (ATENSI)"),
    ("ALB", "Alat bantu disabilitas", "Assistive devices"),
    ("ANK", "Bantuan anak yatim piatu", "Aid for orphans"),
    ("PIP", "Program Indonesia Pintar", "School grants"),
    ("BCN", "Bantuan korban bencana", "Disaster relief"),
    ("LSM", "BAZNAS atau LSM", "Charities"),
    ("LNY", "Lainnya", "Other"),
)
"""Code, name in Indonesian, name in English. Source: the programmes' public names."""

OTHER: Final = "LNY"
