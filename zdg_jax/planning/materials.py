"""Materials of surfaces: how dense they are, and how well a fingertip holds on to them."""

from __future__ import annotations

import dataclasses
import enum

FRICTION_MARGIN = 0.8
"""Share of a measured friction coefficient that is relied on: skin, dirt and load scatter it by
about a fifth (the standard deviations of Buchholz et al.)."""


class Material(enum.StrEnum):
    """Material that a hand touches."""

    METAL = "metal"
    GLASS = "glass"
    CERAMIC = "ceramic"
    PLASTIC = "plastic"
    RUBBER = "rubber"
    WOOD = "wood"
    PAPER = "paper"
    FABRIC = "fabric"
    LEATHER = "leather"
    FOAM = "foam"
    STONE = "stone"
    FOOD = "food"
    UNKNOWN = "unknown"

    @property
    def density(self) -> float:
        """Typical density of the material itself [kg/m^3]."""
        return _PROPERTIES[self].density

    @property
    def friction(self) -> float:
        """Friction coefficient that a fingertip can rely on: as measured, less the margin."""
        return FRICTION_MARGIN * _PROPERTIES[self].measured_friction


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Properties:
    density: float
    measured_friction: float
    source: str


_BUCHHOLZ = (
    "B. Buchholz, L. Frederick, T. Armstrong, An investigation of human palmar skin friction and "
    "the effects of materials, pinch force and moisture, Ergonomics 31(3), 1988"
)
_SEO = (
    "N. J. Seo, T. Armstrong, Friction coefficients in a longitudinal direction between the "
    "finger pad and selected materials, Ergonomics 52(5), 2009"
)
_GLASS = "S. Derler, G.-M. Rotaru, Stick-slip phenomena in the friction of human skin, Wear, 2013"
_DRY_SKIN = (
    "S. Derler, L.-C. Gerhardt, Tribology of skin, Tribology Letters 45, 2012: dry skin is "
    "typically around 0.5, whatever it touches"
)
# Measured on finger pads, with nothing but skin. Rubber pads of robots hold better as a rule.
_PROPERTIES = {
    Material.METAL: _Properties(density=7800.0, measured_friction=0.6, source=_SEO),
    Material.GLASS: _Properties(density=2500.0, measured_friction=0.53, source=_GLASS),
    Material.CERAMIC: _Properties(density=2300.0, measured_friction=0.53, source=_GLASS),
    Material.PLASTIC: _Properties(density=1050.0, measured_friction=0.53, source=_BUCHHOLZ),
    Material.RUBBER: _Properties(density=1100.0, measured_friction=0.9, source=_SEO),
    Material.WOOD: _Properties(density=700.0, measured_friction=0.5, source=_DRY_SKIN),
    Material.PAPER: _Properties(density=700.0, measured_friction=0.42, source=_BUCHHOLZ),
    Material.FABRIC: _Properties(density=300.0, measured_friction=0.5, source=_DRY_SKIN),
    Material.LEATHER: _Properties(density=900.0, measured_friction=0.5, source=_BUCHHOLZ),
    Material.FOAM: _Properties(density=60.0, measured_friction=0.5, source=_DRY_SKIN),
    Material.STONE: _Properties(density=2600.0, measured_friction=0.5, source=_DRY_SKIN),
    Material.FOOD: _Properties(density=950.0, measured_friction=0.5, source=_DRY_SKIN),
    Material.UNKNOWN: _Properties(density=1100.0, measured_friction=0.5, source=_DRY_SKIN),
}
