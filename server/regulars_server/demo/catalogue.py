"""What the demo's shop sells, a coffee roaster with a delicatessen counter, and what it asks for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regulars_core.primitives.money import exponent_of

DRINKS, BAKERY, COFFEE = "Drinks", "Bread & pastry", "Coffee"
CHEESE, DELI, PANTRY = "Cheese", "Deli", "Pantry"
EQUIPMENT, GIFTS = "Equipment", "Gifts"
PERISHABLE = frozenset({DRINKS, BAKERY})


@dataclass(frozen=True, slots=True)
class Article:
    """One article. `price` is in hundredths of a US dollar, for one piece or for a kilogram; `liking` is how often it
    is taken beside others of its category."""

    sku: str
    name: str
    brand: str
    category: str
    price: int
    liking: int = 3
    by_weight: bool = False


def _articles(category: str, rows: str, *, by_weight: bool = False) -> list[Article]:
    cells = [[cell.strip() for cell in row.split("|")] for row in rows.strip().splitlines()]
    return [
        Article(sku, name, brand, category, int(price), int(liking), by_weight)
        for sku, name, brand, price, liking in cells
    ]


CATALOGUE: Sequence[Article] = (
    *_articles(DRINKS, """
        DRK-ESP | Espresso                         | Regulars       | 300  | 6
        DRK-DBL | Double espresso                  | Regulars       | 375  | 4
        DRK-FLW | Flat white                       | Regulars       | 450  | 9
        DRK-CAP | Cappuccino                       | Regulars       | 450  | 8
        DRK-LAT | Caffè latte                      | Regulars       | 475  | 7
        DRK-OAT | Oat flat white                   | Regulars       | 525  | 6
        DRK-FIL | Filter of the day                | Regulars       | 350  | 6
        DRK-CLD | Cold brew                        | Regulars       | 500  | 3
        DRK-CHA | Masala chai                      | Nine Lanterns  | 450  | 3
        DRK-SEN | Sencha, pot                      | Nine Lanterns  | 550  | 2
        DRK-CHO | Hot chocolate                    | Dulce Vereda   | 475  | 3
        DRK-ORA | Orange juice, pressed            | Regulars       | 575  | 2
    """),
    *_articles(BAKERY, """
        BRD-RYE | Rye sourdough, 1 kg              | Hearth & Crumb | 850  | 5
        BRD-WHT | Wheat sourdough, 750 g           | Hearth & Crumb | 725  | 6
        BRD-BAG | Baguette                         | Hearth & Crumb | 325  | 6
        BRD-FOC | Focaccia, rosemary               | Hearth & Crumb | 495  | 3
        PST-CRO | Butter croissant                 | Hearth & Crumb | 375  | 9
        PST-PAI | Pain au chocolat                 | Hearth & Crumb | 425  | 5
        PST-CIN | Cinnamon bun                     | Hearth & Crumb | 450  | 6
        PST-ALM | Almond croissant                 | Hearth & Crumb | 495  | 3
        PST-PAS | Pastel de nata                   | Hearth & Crumb | 350  | 4
        PST-BAN | Banana bread, slice              | Hearth & Crumb | 395  | 4
        PST-CON | Concha, vanilla                  | Hearth & Crumb | 325  | 3
    """),
    *_articles(COFFEE, """
        COF-250 | House blend, 250 g               | Regulars       | 1150 | 9
        COF-1KG | House blend, 1 kg                | Regulars       | 3900 | 5
        ESP-250 | Espresso No. 4, 250 g            | Regulars       | 1250 | 7
        ESP-1KG | Espresso No. 4, 1 kg             | Regulars       | 4250 | 4
        COF-DEC | Decaf, mountain water, 250 g     | Regulars       | 1350 | 3
        COF-ETH | Ethiopia Guji, natural, 250 g    | Regulars       | 1650 | 4
        COF-COL | Colombia Huila, washed, 250 g    | Regulars       | 1450 | 4
        COF-MEX | Mexico Chiapas, washed, 250 g    | Regulars       | 1350 | 3
        COF-KEN | Kenya Nyeri AA, 250 g            | Regulars       | 1850 | 2
        COF-GES | Panama Gesha, 100 g              | Regulars       | 3200 | 1
        COF-VIE | Vietnam Đà Lạt, fine robusta, 250 g | Regulars    | 1200 | 2
        COF-DRP | Drip bags, 10 pieces             | Regulars       | 1500 | 2
    """),
    *_articles(CHEESE, """
        CHE-COM | Comté, 18 months                 | Alpweide       | 3900 | 5
        CHE-MAN | Manchego, cured                  | Cerro Alto     | 3200 | 5
        CHE-GOU | Gouda, old                       | Van Ouden      | 2750 | 4
        CHE-PAR | Parmigiano, 24 months            | Casa Brunelli  | 3600 | 5
        CHE-GOA | Goat's cheese, ash               | Alpweide       | 3400 | 3
        CHE-BLU | Blue, mild                       | Alpweide       | 2950 | 2
        CHE-OAX | Oaxaca string cheese             | Cerro Alto     | 1950 | 3
        CHE-FET | Sheep's feta                     | Cerro Alto     | 1850 | 4
    """, by_weight=True),
    *_articles(DELI, """
        DEL-JAM | Ham, air-dried                   | Cerro Alto     | 5200 | 4
        DEL-SAL | Fennel salami                    | Casa Brunelli  | 3800 | 3
        DEL-OLG | Green olives                     | Cala Verde     | 1650 | 4
        DEL-OLB | Black olives, herbs              | Cala Verde     | 1750 | 3
        DEL-TOM | Dried tomatoes in oil            | Cala Verde     | 2200 | 3
        DEL-HUM | Hummus                           | Cala Verde     | 1450 | 4
        DEL-ANT | Artichokes, grilled              | Casa Brunelli  | 2400 | 2
        DEL-NUT | Roasted almonds                  | Cala Verde     | 2600 | 3
    """, by_weight=True),
    *_articles(PANTRY, """
        PAN-OIL | Olive oil, 500 ml                | Cala Verde     | 1690 | 5
        PAN-VIN | Sherry vinegar, 375 ml           | Cala Verde     | 890  | 2
        PAN-PAS | Bronze-cut rigatoni, 500 g       | Casa Brunelli  | 420  | 4
        PAN-TOM | Passata, 700 ml                  | Casa Brunelli  | 390  | 4
        PAN-HON | Linden honey, 400 g              | Alpweide       | 1150 | 3
        PAN-JAM | Apricot jam, 250 g               | Hearth & Crumb | 690  | 3
        PAN-GRA | Granola with nuts, 500 g         | Hearth & Crumb | 950  | 4
        PAN-SAR | Sardines in olive oil            | Cala Verde     | 575  | 3
        PAN-CHO | Dark chocolate 72 %, 80 g        | Dulce Vereda   | 595  | 5
        PAN-TEA | Earl Grey, 100 g                 | Nine Lanterns  | 950  | 2
        PAN-OAT | Oat drink, barista, 1 l          | Nine Lanterns  | 375  | 4
        PAN-SPI | Smoked paprika, tin              | Cerro Alto     | 495  | 2
    """),
    *_articles(EQUIPMENT, """
        EQU-FIL | Paper filters, 100 pieces        | Copperleaf     | 750  | 9
        EQU-DRP | Ceramic dripper, size 2          | Copperleaf     | 2800 | 4
        EQU-KET | Gooseneck kettle, 1 l            | Copperleaf     | 6900 | 2
        EQU-GRD | Hand grinder                     | Copperleaf     | 8900 | 2
        EQU-GRE | Electric grinder                 | Oktav          | 24900 | 1
        EQU-MOK | Moka pot, 3 cups                 | Copperleaf     | 3400 | 3
        EQU-SCA | Scale with timer                 | Oktav          | 4900 | 2
        EQU-MIL | Milk jug, 350 ml                 | Copperleaf     | 1900 | 3
        EQU-ESP | Espresso machine, one group      | Oktav          | 64900 | 1
        EQU-CLN | Cleaning tablets                 | Oktav          | 1290 | 4
    """),
    *_articles(GIFTS, """
        MUG-01  | Stoneware mug                    | Regulars       | 1400 | 5
        CUP-01  | Travel cup, 350 ml               | Regulars       | 2200 | 4
        GFT-TRI | Tasting box, three origins       | Regulars       | 3600 | 5
        GFT-BRK | Breakfast hamper                 | Regulars       | 5900 | 3
        GFT-ADV | Advent calendar, 24 coffees      | Regulars       | 4900 | 3
        GFT-TOT | Cotton bag                       | Regulars       | 1200 | 3
        GFT-CRS | Cupping course, one evening      | Regulars       | 4500 | 2
    """),
)  # fmt: skip

# What a dollar's worth costs, roughly, where currencies are worth much less: prices should look like prices.
_LEVELS: Mapping[str, float] = {
    "JPY": 110, "KRW": 1_000, "VND": 15_000, "IDR": 9_000, "HUF": 280, "CLP": 700, "COP": 3_000, "ARS": 800, "NGN": 700,
    "INR": 45, "PHP": 35, "MXN": 16, "TRY": 28, "UAH": 28, "RUB": 60, "THB": 28, "ZAR": 13, "CZK": 20, "SEK": 9, "NOK": 10,
    "DKK": 7, "PLN": 3.6, "BRL": 4.5, "CNY": 6, "KWD": 0.3, "BHD": 0.4,
}  # fmt: skip


def priced(hundredths: int, currency: str) -> int:
    """About the same worth in minor units of a currency, with three figures that matter at most: 4.50 is 495 JPY."""
    exponent = exponent_of(currency)
    level = _LEVELS.get(currency, 1 if exponent else 100)
    exact: float = hundredths * level * 10.0**exponent / 100
    if level == 1:
        return round(exact)
    step = 5.0 * 10.0 ** max(0, len(str(int(exact))) - 3)
    return max(1, round(round(exact / step) * step))


def raised(hundredths: int) -> int:
    """The price after the rise of the second year: 5 % more, to the next 0.05."""
    return -(-hundredths * 105 // 500) * 5
