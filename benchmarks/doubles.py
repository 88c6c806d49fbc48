"""Customers of whom some are there twice, and it is known who: seeded, of ten kinds, with traps beside them.

Half of what is known of a customer is missing, as in a shop. Names are those of a Mexican one: most have two family names, common
ones from a list and rare ones made up. What people are called for short stands here, and was written down before what the product
knows was compared with it: some of it the product does not know.
"""

import random
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

KINDS = (
    "same e-mail address", "same phone, otherwise written", "same tax id, otherwise written", "transposed letters",
    "first and last name swapped", "nickname and end of the phone", "accents and case", "married name and birth date",
    "company, otherwise written", "typing error and birth date",
)  # fmt: skip
EXACT = frozenset(KINDS[:3])
TRAPS = "household", "father and son", "twins"


def _words(text: str) -> list[str]:
    return text.split()


GIVEN = _words(
    """
    María José Guadalupe Juan Luis Francisco Antonio Jesús Miguel Alejandro Margarita Pedro Manuel Carlos Rosa Roberto
    Fernando Daniel Alejandra Jorge Ricardo Patricia Eduardo Verónica Javier Leticia Rafael Martha Raúl David Josefina
    Arturo Alicia Francisca Gabriela Yolanda Elizabeth Teresa Sergio Silvia Alberto Daniela Ana Fernanda Laura Claudia
    Mariana Sofía Valentina Ximena Camila Regina Renata Isabel Carmen Andrea Diana Lucía Paola Karla Mónica Adriana Sandra
    Norma Óscar Héctor Enrique Gerardo Armando Víctor Mario Ramón Rubén Salvador Gustavo Guillermo Alfredo Ignacio Julio
    César Emilio Diego Santiago Sebastián Mateo Emiliano Leonardo Nicolás Rodrigo Andrés Felipe Hugo Iván Joel Ernesto
    Esteban Tomás Gonzalo Beatriz Elena Irma Gloria Olga Graciela Rocío Esperanza Dolores Concepción Consuelo Lourdes
    Magdalena Victoria Natalia Valeria Jimena Paulina Brenda Karina Wendy Susana Rebeca Raquel Ruth Sara Esther Miriam
    Robert William James John Mary Jennifer Linda Michael Thomas Susan Margaret Christopher
    """
)
FAMILY = _words(
    """
    Hernández García Martínez López González Pérez Rodríguez Sánchez Ramírez Cruz Flores Gómez Morales Vázquez Reyes Jiménez
    Torres Díaz Gutiérrez Ruiz Mendoza Aguilar Ortiz Moreno Castillo Romero Álvarez Méndez Chávez Rivera Juárez Ramos
    Domínguez Herrera Medina Castro Vargas Guzmán Velázquez Rojas Muñoz Contreras Salazar Luna Ortega Guerrero Santiago
    Estrada Bautista Cortés Soto Alvarado Espinoza Lara Ávila Ríos Cervantes Silva Delgado Vega Márquez Sandoval Carrillo
    León Mejía Solís Rosas Ibarra Valdez Núñez Campos Santos Camacho Navarro Peña Maldonado Robles Acosta Meza Rosales
    Pacheco Fuentes Salinas Cabrera Miranda Nava Padilla Valenzuela Zavala Trejo Suárez Serrano Ochoa Molina Smith Johnson
    """
)
_SHORT_FORMS = """
Guadalupe: Lupita Lupe; Francisco: Paco Pancho Kiko; José: Pepe Chepe; Alejandro: Alex Ale Jano; Alejandra: Ale Alex;
Jesús: Chuy Chucho; Ignacio: Nacho; Roberto: Beto Rober; Alberto: Beto; Eduardo: Lalo Edu; Enrique: Quique Kike;
Ricardo: Richi Ricky; Fernando: Fer Nando; Fernanda: Fer; Rafael: Rafa; Manuel: Manolo Manu; Guillermo: Memo Willy;
Gabriela: Gaby Gabi; Leticia: Lety; Patricia: Paty Pati; Josefina: Fina Pepa; Margarita: Mago Márgara; Concepción:
Concha Conchita; Dolores: Lola; Consuelo: Chelo; Graciela: Chela; Teresa: Tere; Isabel: Isa Chabela; Salvador: Chava;
Santiago: Santi Chago; Sebastián: Sebas; Gustavo: Gus Tavo; Gerardo: Gera Jerry; Sergio: Checo; Antonio: Toño Tony;
Miguel: Mike Migue; Daniel: Dani; Daniela: Dani; Mariana: Mari; Valentina: Vale; Valeria: Vale; Natalia: Nati; Sofía:
Sofi; Lucía: Lucy; Mónica: Moni; Verónica: Vero; Yolanda: Yoli; Magdalena: Magda; Nicolás: Nico; Leonardo: Leo; Rodrigo:
Rodri; Ernesto: Neto; Felipe: Pipe; Robert: Bob Rob; William: Bill Will; James: Jim; John: Jack Johnny; Jennifer: Jenny
Jen; Michael: Mike; Thomas: Tom; Susan: Sue; Margaret: Maggie Peggy; Christopher: Chris; Elizabeth: Liz Betty;
Esperanza: Pera Espe; Andrés: Andy; Héctor: Tito
"""
_SHORT = {
    name.strip(): forms for name, _, forms in (one.partition(":") for one in _SHORT_FORMS.replace("\n", " ").split(";"))
}
_SIBLING_NAMES = """
Daniel, Daniela; Fernando, Fernanda; Alejandro, Alejandra; Luis, Luisa; Mario, María; Juan, Juana; Julio, Julia; Adrián,
Adriana; Ana, Eva; Marta, María; Carlos, Carla; Gabriel, Gabriela; José Luis, José Carlos; María José, María Fernanda;
Julián, Julio; Mariana, Marina; Víctor, Victoria
"""
_SIBLINGS = [
    (one.strip(), other.strip())
    for one, _, other in (pair.partition(",") for pair in _SIBLING_NAMES.replace("\n", " ").split(";"))
]
_TRADES = _words(
    """
    Distribuidora Abarrotes Papelería Ferretería Refaccionaria Comercializadora Panadería Taller Constructora Transportes
    Farmacia
    """
)
_FORMS = "S.A. de C.V.", "SA de CV", "S. de R.L.", "", "SA", "Sociedad"
_SYLLABLES = _words(
    """
    ba ce di fo gu ha je ki lo mu na pe qui ro su ta ve xo ya zu bra cle dri fro gla men tor vil lez quin
    """
)


@dataclass(frozen=True)
class Person:
    """A customer as somebody typed it; `company` in place of a name."""

    first: str = ""
    last: str = ""
    company: str | None = None
    email: str | None = None
    phone: str | None = None
    born: str | None = None
    tax_id: str | None = None


@dataclass
class Doubles:
    """Everybody, and by their places who is whom: (elder, younger) → kind."""

    people: list[Person]
    truth: dict[tuple[int, int], str]
    traps: dict[tuple[int, int], str]


def doubles(customers: int = 100_000, planted: int = 5_000, seed: int = 20261130) -> Doubles:
    """So many customers of whom so many are there twice, in any order."""
    maker = _Maker(random.Random(seed))
    groups: list[tuple[str, list[Person]]] = []
    for number in range(planted):
        kind = KINDS[number % len(KINDS)]
        groups.append((kind, maker.planted(kind)))
    groups += [(TRAPS[number % 3], maker.trap(TRAPS[number % 3])) for number in range(planted * 3 // 5)]
    rest = customers - sum(len(people) for _, people in groups)
    groups += [("", [maker.anybody()]) for _ in range(rest)]
    placed = [(kind, number, person) for number, (kind, people) in enumerate(groups) for person in people]
    maker.chance.shuffle(placed)
    made = Doubles([person for _, _, person in placed], {}, {})
    together: dict[int, list[int]] = {}
    for place, (kind, number, _) in enumerate(placed):
        for other in together.setdefault(number, []):
            (made.truth if kind in KINDS else made.traps)[(other, place)] = kind
        together[number].append(place)
    return made


class _Maker:
    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self._given = [1 / (n + 10) for n in range(len(GIVEN))]
        self._family = [1 / (n + 10) for n in range(len(FAMILY))]
        self._rare = [self._made_up() for _ in range(15_000)]
        self._number = 0

    def _made_up(self) -> str:
        return "".join(self.chance.choices(_SYLLABLES, k=self.chance.choice((2, 3, 3)))).title()

    def given(self) -> str:
        [name] = self.chance.choices(GIVEN, self._given)
        if self.chance.random() < 0.25:
            [more] = self.chance.choices(GIVEN, self._given)
            return f"{name} {more}" if more != name else name
        return name

    def family(self) -> str:
        [name] = (
            self.chance.choices(FAMILY, self._family)
            if self.chance.random() < 0.6
            else [self.chance.choice(self._rare)]
        )
        return name

    def families(self) -> str:
        return f"{self.family()} {self.family()}" if self.chance.random() < 0.7 else self.family()

    def phone(self) -> str:
        return self.chance.choice(("55", "33", "81")) + str(self.chance.randrange(10_000_000, 99_999_999))

    def born(self) -> str:
        return (
            f"{self.chance.randrange(1940, 2008)}-{self.chance.randrange(1, 13):02}-{self.chance.randrange(1, 29):02}"
        )

    def email(self, name: str) -> str:
        self._number += 1
        return f"{_plain(name).lower().replace(' ', '.')}{self._number}@example.com"

    def tax_id(self) -> str:
        letters = "".join(self.chance.choices("ABCDEFGHJKLMNPQRSTUVWXYZ", k=4))
        return f"{letters}{self.chance.randrange(100_000, 999_999)}{letters[::-1][:2]}{self.chance.randrange(10)}"

    def full(self) -> Person:
        """Somebody of whom everything is known."""
        first = self.given()
        return Person(first, self.families(), None, self.email(first), self.phone(), self.born(), self.tax_id())

    def anybody(self) -> Person:
        """Somebody as they come."""
        if self.chance.random() < 0.05:
            return self._partly(self.business())
        return self._partly(self.full())

    def business(self) -> Person:
        name = f"{self.chance.choice(_TRADES)} {self.family()} {self.chance.choice(('', self.family()))}".strip()
        return Person(
            "", "", f"{name} {self.chance.choice(_FORMS[:3])}", self.email("info"), self.phone(), None, self.tax_id()
        )

    def _partly(self, person: Person, *kept: str) -> Person:
        shares = {"email": 0.55, "phone": 0.8, "born": 0.6, "tax_id": 0.12}
        gone = {name: None for name, share in shares.items() if name not in kept and self.chance.random() >= share}
        return replace(person, **gone)

    def _again(self, person: Person, **given: str | None) -> Person:
        """The same once more, of whom nothing but the name is the same unless it is given."""
        known = {"email": None, "phone": None, "born": None, "tax_id": None, **given}
        if "phone" not in given and self.chance.random() < 0.4:
            known["phone"] = self.phone()  # another one
        if "email" not in given and self.chance.random() < 0.3:
            known["email"] = self.email("otra")
        return replace(person, **known)

    def planted(self, kind: str) -> list[Person]:
        makers: dict[str, Callable[[], tuple[Person, Person]]] = dict(
            zip(
                KINDS,
                (self._email, self._phone, self._tax, self._transposed, self._swapped, self._nickname, self._accents,
                 self._married, self._company, self._typed),
                strict=True,
            )
        )  # fmt: skip
        both = list(makers[kind]())
        self.chance.shuffle(both)
        return both

    def _email(self) -> tuple[Person, Person]:
        one = self.full()
        assert one.email
        other = self._again(one, email=one.email.title() if self.chance.random() < 0.5 else one.email)
        if self.chance.random() < 0.3:
            other = replace(other, first=one.first.split()[0][0] + ".")
        return self._partly(one, "email"), other

    def _phone(self) -> tuple[Person, Person]:
        one = self.full()
        assert one.phone
        n = one.phone
        written = self.chance.choice(
            (f"+52 {n[:2]} {n[2:6]} {n[6:]}", f"({n[:2]}) {n[2:6]}-{n[6:]}", f"0052{n}", f"{n[:2]}.{n[2:6]}.{n[6:]}")
        )
        return self._partly(one, "phone"), self._again(one, phone=written, email=None)

    def _tax(self) -> tuple[Person, Person]:
        one = self.business() if self.chance.random() < 0.3 else self.full()
        assert one.tax_id
        written = f"{one.tax_id[:4]}-{one.tax_id[4:10]}-{one.tax_id[10:]}".lower()
        return self._partly(one, "tax_id"), self._again(one, tax_id=written)

    def _evidence(self, one: Person) -> tuple[Person, dict[str, str | None]]:
        """Half of them the date of birth, half of them another number that ends alike, as of a line moved to another city."""
        if self.chance.random() < 0.5:
            return self._partly(one, "born"), {"born": one.born}
        assert one.phone
        prefix = self.chance.choice([each for each in ("55", "33", "81") if each != one.phone[:2]])
        return self._partly(one, "phone"), {"phone": f"{prefix}{self.chance.randrange(10)}{one.phone[3:]}"}

    def _transposed(self) -> tuple[Person, Person]:
        one = self.full()
        kept, evidence = self._evidence(one)
        return kept, self._again(self._mistyped(one, _transposition), **evidence)

    def _mistyped(self, one: Person, mistake: Callable[[random.Random, str], str]) -> Person:
        if self.chance.random() < 0.5:
            return replace(one, first=_in_a_word(self.chance, one.first, mistake))
        return replace(one, last=_in_a_word(self.chance, one.last, mistake))

    def _swapped(self) -> tuple[Person, Person]:
        one = self.full()
        kept, evidence = self._evidence(one)
        return kept, self._again(replace(one, first=one.last, last=one.first), **evidence)

    def _nickname(self) -> tuple[Person, Person]:
        one = replace(self.full(), first=self.chance.choice(list(_SHORT)))
        assert one.phone
        short = self.chance.choice(_SHORT[one.first].split())
        prefix = self.chance.choice([each for each in ("55", "33", "81") if each != one.phone[:2]])
        phone = f"{prefix}{self.chance.randrange(10)}{one.phone[3:]}"
        return self._partly(one, "phone"), self._again(replace(one, first=short), phone=phone)

    def _accents(self) -> tuple[Person, Person]:
        one = self.full()
        kept, evidence = self._evidence(one)
        way = self.chance.choice((str.upper, str.lower, str.title))
        return kept, self._again(replace(one, first=way(_plain(one.first)), last=way(_plain(one.last))), **evidence)

    def _married(self) -> tuple[Person, Person]:
        one = replace(self.full(), last=f"{self.family()} {self.family()}")
        first, second = one.last.split()
        new, way = self.family(), self.chance.random()
        if way < 0.4:
            return self._partly(one, "born"), self._again(replace(one, last=f"{first} de {new}"), born=one.born)
        if way < 0.7:
            return self._partly(one, "born"), self._again(replace(one, last=f"{first}-{second} {new}"), born=one.born)
        return self._partly(one, "born", "phone"), self._again(replace(one, last=new), born=one.born, phone=one.phone)

    def _company(self) -> tuple[Person, Person]:
        one = self.business()
        assert one.company
        assert one.phone
        bare = next(one.company.removesuffix(form) for form in _FORMS if form and one.company.endswith(form)).strip()
        words = bare.split()
        ways = (
            f"{bare} {self.chance.choice(_FORMS)}", bare.upper(), _in_a_word(self.chance, bare, _typing_error),
            " ".join([words[0][:5], *words[1:]]), _plain(bare), f"{bare}, S.A.",
        )  # fmt: skip
        phone = one.phone
        if self.chance.random() < 0.5:
            phone = f"{phone[:2]}{self.chance.randrange(10)}{phone[3:]}"
        return self._partly(one, "phone"), self._again(replace(one, company=self.chance.choice(ways)), phone=phone)

    def _typed(self) -> tuple[Person, Person]:
        one = self.full()
        wrong = self._mistyped(one, _typing_error)
        if self.chance.random() < 0.2:
            wrong = replace(
                wrong,
                first=_in_a_word(self.chance, one.first, _typing_error),
                last=_in_a_word(self.chance, one.last, _typing_error),
            )
        return self._partly(one, "born"), self._again(wrong, born=one.born)

    def trap(self, kind: str) -> list[Person]:
        """People who are not one."""
        first = replace(self.full(), email=None, tax_id=None)
        if kind == "household":
            names = {first.first.split()[0]}
            people = [first]
            while len(people) < self.chance.choice((2, 3, 4)):
                name = self.given()
                if name.split()[0] not in names:
                    names.add(name.split()[0])
                    people.append(
                        replace(first, first=name, born=self.born(), last=f"{first.last.split()[0]} {self.family()}")
                    )
            return [self._partly(one, "phone") for one in people]
        if kind == "father and son":
            father = f"{self.chance.randrange(1940, 1970)}-{self.chance.randrange(1, 13):02}-{self.chance.randrange(1, 29):02}"
            son = f"{self.chance.randrange(1985, 2008)}-{self.chance.randrange(1, 13):02}-{self.chance.randrange(1, 29):02}"
            return [replace(first, born=father), replace(first, born=son)]
        one, other = self.chance.choice(_SIBLINGS) if self.chance.random() < 0.5 else (self.given(), self.given())
        if one.split()[0] == other.split()[0] and " " not in one + other:
            other = "Eva" if one != "Eva" else "Ada"
        born = replace(first, phone=first.phone if self.chance.random() < 0.5 else None)
        return [replace(born, first=one), replace(born, first=other if other != one else "Zoé")]


def _plain(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFD", text) if unicodedata.category(letter) != "Mn")


def _in_a_word(chance: random.Random, text: str, mistake: Callable[[random.Random, str], str]) -> str:
    """A mistake in one of the words, a longer one if there is one."""
    words = text.split()
    places = [n for n, word in enumerate(words) if len(word) > 3] or [
        n for n, word in enumerate(words) if len(word) > 1
    ]
    if not places:
        return text
    n = chance.choice(places)
    words[n] = mistake(chance, words[n])
    return " ".join(words)


def _transposition(chance: random.Random, word: str) -> str:
    places = [n for n in range(len(word) - 1) if word[n].lower() != word[n + 1].lower()]
    n = chance.choice(places)
    return word[:n] + word[n + 1] + word[n] + word[n + 2 :]


def _typing_error(chance: random.Random, word: str) -> str:
    n, letter = chance.randrange(len(word)), chance.choice("abcdefghijlmnopqrstuvyz")
    return chance.choice((word[:n] + letter + word[n + 1 :], word[:n] + word[n + 1 :], word[:n] + letter + word[n:]))


def everybody(made: Doubles) -> Iterator[tuple[int, Person]]:
    """Everybody with their places."""
    yield from enumerate(made.people)
