"""What people are called, and where they live, in the countries that the demo's customers come from.

Names are common ones, put together by chance. `写/Sha` is a name as its bearer writes it and in Latin letters; `m|f` are
a family name's two forms. `#` stands for any digit.

Telephone numbers lie in what the country keeps for films and books where it does so (US 555-01xx, the drama numbers of
Germany's Bundesnetzagentur, 01 99 00 of France's ARCEP), and elsewhere in rows of zeros or fives. Tax ids begin where no
office gives any out.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A city, its region and a pattern of its postal codes."""

    city: str
    region: str | None
    postal: str


@dataclass(frozen=True, slots=True)
class Land:
    """The names and places of one country. `weight` is its share among the customers."""

    country: str
    weight: int
    female: Sequence[str]
    male: Sequence[str]
    last: Sequence[str]
    places: Sequence[Place]
    streets: Sequence[str]
    phones: Sequence[str]
    tax: str
    two_last_names: float = 0.0
    """How often a person has two family names."""
    native: float = 1.0
    """How often names are in the country's own letters, where those are not Latin."""
    family_first: bool = False


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",")]


def _places(text: str) -> list[Place]:
    parts = [[part.strip() for part in place.split("/")] for place in text.split(",")]
    return [Place(city, region or None, postal) for city, region, postal in parts]


LANDS: Sequence[Land] = (
    Land(
        "US", 70,
        _words("Emily, Hannah, Grace, Madison, Olivia, Brianna, Megan, Abigail, Denise, Latoya, Kathleen, Ruth"),
        _words("Michael, Tyler, Ethan, Marcus, Jamal, Walter, Kevin, Brandon, Samuel, Patrick, Darnell, Henry"),
        _words("Johnson, O'Connor, Washington, Miller, Carter, Kowalchuk, Brooks, Van Dyke, Sullivan, Reed, St. John, Hayes,"
               " Davis, Cohen, Bennett, Foster, Lindqvist, Park"),
        _places("Portland/OR/972##, Chicago/IL/606##, Brooklyn/NY/112##, Austin/TX/787##, Seattle/WA/981##"),
        _words("# Maple Street, ## Harbor Avenue, ### Prospect Place, ## Mill Road, #### Juniper Drive"),
        _words("+150355501##, +131255501##, +121255501##, +151255501##, +120655501##"),
        "00-000####",
    ),
    Land(
        "MX", 56,
        _words("María Fernanda, Guadalupe, Ximena, Sofía, Lucía, Itzel, Renata, Rosa María, Alejandra, Yolanda"),
        _words("José Luis, Santiago, Emiliano, Juan Carlos, Ángel, Raúl, Iñaki, Jesús, Óscar, Francisco Javier"),
        _words("Hernández, García, Pérez, Núñez, Ramírez, Cárdenas, Ibáñez, Muñoz, Ávila, Zúñiga, de la Torre, Peña, Gutiérrez"),
        _places("Ciudad de México/CDMX/06###, Guadalajara/Jalisco/44###, Monterrey/Nuevo León/64###,"
                " Mérida/Yucatán/97###, Querétaro/Querétaro/76###"),
        _words("Calle Orizaba ##, Av. Insurgentes Sur ####, Callejón del Beso #, Calle 60 ###, Av. Chapultepec ##"),
        _words("+525500000###, +525555000###, +523300000###, +528100000###"),
        "XAXX0101##000", two_last_names=0.95,
    ),
    Land(
        "ES", 44,
        _words("Begoña, Carmen, Núria, Inés, Lucía, Maialen, Rocío, Concepción, Aitana, María José"),
        _words("Íñigo, Álvaro, Sergi, Jesús María, Andrés, Xabier, Gonzalo, Rubén, Martín, Joaquín"),
        _words("Fernández, Ibarra, Puig, Gómez, Castaño, Núñez, de la Fuente, Etxeberria, Cañizares, Sáez, Vázquez, Lüders"),
        _places("Madrid/Madrid/280##, Barcelona/Barcelona/080##, A Coruña/A Coruña/150##, Cádiz/Cádiz/110##,"
                " Logroño/La Rioja/260##"),
        _words("Calle Mayor ##, Carrer de Verdi ##, Plaza de España #, Rúa Nova ##, Calle del Laurel ##"),
        _words("+34600000###, +34910000###, +34930000###"),
        "0000####T", two_last_names=0.9,
    ),
    Land(
        "PH", 34,
        _words("Maria Cristina, Jasmine, Analyn, Maricel, Kristine Joy, Luzviminda, Princess, Rowena"),
        _words("Jose Mari, Mark Anthony, Christian, Rodel, Jun, Emmanuel, Jericho, Reynaldo"),
        _words("dela Cruz, Santos, de los Reyes, Bautista, Macaraeg, San Juan, Villanueva, Dimaculangan, Ocampo, del Rosario"),
        _places("Quezon City/Metro Manila/11##, Cebu City/Cebu/60##, Davao City/Davao del Sur/80##, Iloilo City/Iloilo/50##"),
        _words("## Mabini Street, ### Katipunan Avenue, # Sampaguita Street, ## Osmeña Boulevard"),
        _words("+639050000###, +639170000###"),
        "000-000-###-000",
    ),
    Land(
        "DE", 36,
        _words("Käthe, Anneliese, Sophie, Lea, Ursula, Hannelore, Greta, Zoë, Friederike"),
        _words("Jürgen, Björn, Lukas, Karl-Heinz, Matthias, Günther, Felix, Sören, Uwe, Tobias"),
        _words("Müller, Weiß, Schäfer, von der Heide, Großmann, Köhler, Böhm, Schmidt-Rottluff, Krüger, Hübner, Zimmermann"),
        _places("Berlin//10###, Köln/Nordrhein-Westfalen/50###, München/Bayern/80###, Hamburg//20###, Görlitz/Sachsen/028##"),
        _words("Kastanienallee ##, Mühlenstraße #, Am Großen Teich ##, Goethestraße ##, Brückenweg ##"),
        _words("+493023125###, +496990009###, +494066969###, +498999998###, +4917139200##"),
        "DE000######",
    ),
    Land(
        "PL", 28,
        _words("Katarzyna, Małgorzata, Agnieszka, Zofia, Łucja, Bożena, Elżbieta, Żaneta"),
        _words("Paweł, Łukasz, Krzysztof, Grzegorz, Mateusz, Stanisław, Wojciech, Bartłomiej"),
        _words("Kowalski|Kowalska, Wójcik, Wiśniewski|Wiśniewska, Żak, Dąbrowski|Dąbrowska, Świątek, Zieliński|Zielińska, Gołąb"),
        _places("Kraków/małopolskie/3#-###, Łódź/łódzkie/9#-###, Wrocław/dolnośląskie/5#-###, Gdańsk/pomorskie/80-###"),
        _words("ul. Długa ##/#, ul. Świętego Jana #, al. Róż ##, ul. Piękna ##/##"),
        _words("+48500000###, +48220000###"),
        "000-000-##-##",
    ),
    Land(
        "TR", 24,
        _words("Ayşe, Gülşen, Özlem, Çiğdem, Elif, Şükran, Zeynep, Ebru"),
        _words("Oğuz, Çağlar, İbrahim, Hüseyin, Kağan, Emre, Ümit, Yiğit"),
        _words("Yılmaz, Öztürk, Çelik, Şahin, Güneş, Kılıç, Doğan, Işık, Aydın, Karaoğlu"),
        _places("İstanbul/Kadıköy/347##, İzmir/Karşıyaka/355##, Ankara/Çankaya/066##, Eskişehir/Odunpazarı/260##"),
        _words("Bağdat Caddesi No: ##, İstiklal Caddesi No: ###, Çiçek Sokak No: #, Gül Sokağı No: ##"),
        _words("+905300000###, +902120000###"),
        "000000####",
    ),
    Land(
        "VN", 24,
        _words("Thị Hoa, Ngọc Ánh, Thùy Dung, Thị Thu Hằng, Bảo Châu, Mỹ Linh, Thanh Trúc"),
        _words("Văn Đức, Minh Quân, Quốc Bảo, Đình Phúc, Hữu Nghĩa, Tuấn Anh, Gia Huy"),
        _words("Nguyễn, Trần, Lê, Phạm, Đặng, Huỳnh, Võ, Bùi, Đỗ, Lý"),
        _places("Hà Nội//10####, Thành phố Hồ Chí Minh//70####, Đà Nẵng//55####, Huế/Thừa Thiên Huế/49####"),
        _words("## phố Hàng Bông, ### đường Lê Lợi, # ngõ Văn Chương, ## đường Nguyễn Huệ"),
        _words("+84900000###, +84980000###"),
        "0000######", family_first=True,
    ),
    Land(
        "NG", 24,
        _words("Chiamaka, Folasade, Ngozi, Aisha, Oluwaseun, Adaeze, Halima, Yetunde"),
        _words("Chukwuemeka, Oluwadamilare, Musa, Tunde, Ikenna, Babajide, Emeka, Sani"),
        _words("Okonkwo, Adébáyò, Eze, Abubakar, Ọlátúnjí, Nwosu, Balogun, Danjuma, Okafor, Ògúnbámilà"),
        _places("Lagos/Lagos State/10####, Abuja/FCT/90####, Ibadan/Oyo State/20####, Enugu/Enugu State/40####"),
        _words("## Allen Avenue, # Awolowo Road, ### Ahmadu Bello Way, ## Okpara Avenue"),
        _words("+2348030000###, +2348020000###"),
        "000000##-0001",
    ),
    Land(
        "IN", 28,
        _words("Ananya, Lakshmi, Priya, Meenakshi, Fatima, Harpreet, Kavya, Sunita"),
        _words("Arjun, Venkatesh, Rahul, Gurpreet, Imran, Siddharth, Karthik, Vikram"),
        _words("Iyer, Patel, Sharma, Krishnamurthy, Khan, Singh, Chatterjee, D'Souza, Reddy, Venkataraman"),
        _places("Bengaluru/Karnataka/5600##, Mumbai/Maharashtra/4000##, Chennai/Tamil Nadu/6000##, Kolkata/West Bengal/7000##"),
        _words("##/# MG Road, Flat ## Lakeview Apartments, ## 4th Cross Indiranagar, # Park Street"),
        _words("+919000000###, +917000000###"),
        "00AAAAA00##A0Z#",
    ),
    Land(
        "JP", 26,
        _words("美咲/Misaki, さくら/Sakura, 陽子/Yoko, 結衣/Yui, 真由美/Mayumi, 恵/Megumi"),
        _words("健/Ken, 大輔/Daisuke, 翔太/Shota, 一郎/Ichiro, 拓海/Takumi, 誠/Makoto"),
        _words("佐藤/Sato, 鈴木/Suzuki, 髙橋/Takahashi, 渡邉/Watanabe, 小林/Kobayashi, 大野/Ono, 中村/Nakamura, 加藤/Kato"),
        _places("東京/東京都/1##-00##, 京都/京都府/60#-80##, Osaka/Osaka/53#-00##, Sapporo/Hokkaido/06#-00##"),
        _words("1-##-# Kamimeguro, 2-#-## Shimogamo, 3-#-# Umeda, 4-##-# Odori"),
        _words("+819010000###, +818010000###"),
        "T0000000000###", native=0.45, family_first=True,
    ),
    Land(
        "BR", 28,
        _words("Ana Luíza, Conceição, Júlia, Thaís, Vitória, Fátima, Antônia, Letícia"),
        _words("João Pedro, Luís Fábio, Antônio, Caíque, Márcio, Sebastião, Gustavo, Otávio"),
        _words("da Silva, Gonçalves, dos Santos, Araújo, de Assunção, Magalhães, Conceição, Brandão, Simões, Guimarães"),
        _places("São Paulo/SP/01###-###, Belo Horizonte/MG/30###-###, Florianópolis/SC/88###-###, Belém/PA/66###-###"),
        _words("Rua das Laranjeiras ###, Av. Paulista ####, Travessa São João ##, Rua Augusta ###"),
        _words("+5511900000###, +5521900000###"),
        "000.000.###-##", two_last_names=0.5,
    ),
    Land(
        "UA", 22,
        _words("Олена/Olena, Оксана/Oksana, Софія/Sofiia, Наталія/Nataliia, Ярина/Yaryna, Ганна/Hanna"),
        _words("Андрій/Andrii, Тарас/Taras, Богдан/Bohdan, Олексій/Oleksii, Юрій/Yurii, Микола/Mykola"),
        _words("Шевченко/Shevchenko, Ковальчук/Kovalchuk, Бондаренко/Bondarenko, Мельник/Melnyk, Лисенко/Lysenko,"
               "Левицький/Levytskyi|Левицька/Levytska, Гнатюк/Hnatiuk, Їжакевич/Yizhakevych"),
        _places("Київ//01###, Львів/Львівська область/79###, Одеса/Одеська область/65###, Харків/Харківська область/61###"),
        _words("вул. Хрещатик ##, вул. Січових Стрільців #, просп. Свободи ##, Дерибасівська вул. ##"),
        _words("+380500000###, +380670000###, +380440000###"),
        "000000####", native=0.85,
    ),
    Land(
        "FR", 18,
        _words("Anaïs, Chloé, Françoise, Maëlys, Noémie, Hélène"),
        _words("Benoît, François-Xavier, Gaëtan, Loïc, Rémi, Théo"),
        _words("Lefèvre, d'Hauteville, Bénard, Le Goff, Lévêque, Dupré, de Saint-Exupère, Çelik-Moreau"),
        _places("Paris/Île-de-France/750##, Lyon/Auvergne-Rhône-Alpes/690##, Besançon/Bourgogne-Franche-Comté/250##"),
        _words("## rue des Écoles, # place de l'Église, ## bis avenue Jean-Jaurès"),
        _words("+3319900####"),
        "FR00000000###",
    ),
)  # fmt: skip

NICKNAMES = {
    "José Luis": "Pepe", "Guadalupe": "Lupita", "Francisco Javier": "Paco", "Concepción": "Concha", "María José": "Marijose",
    "Katarzyna": "Kasia", "Małgorzata": "Gosia", "Stanisław": "Staszek", "Jesús María": "Txus", "Kathleen": "Kathy",
    "Samuel": "Sam", "Friederike": "Fritzi", "Tobias": "Tobi", "Jun": "Jun-Jun", "Chukwuemeka": "Emeka",
    "Venkatesh": "Venky", "Sebastião": "Tião", "François-Xavier": "FX", "Oluwadamilare": "Dare", "Abigail": "Abby",
}  # fmt: skip

BUSINESSES = (
    "Café Sol de Otoño", "Hotel Lindenhof", "Blue Door Diner", "Bistro Zur Post", "Tres Esquinas", "Studio 14 Architects",
    "Lantern Noodle House", "The Quiet Office", "Kiosk am Markt", "Padaria Aurora", "Harbor Rowing Club", "Casa Nogal",
)  # fmt: skip

# The same person written twice, as happens between two stores: (country, first, last), then what differs. Kept apart by
# whoever typed them; what both have in common (phone, e-mail or birthday) is the third part.
TWICE: Sequence[tuple[str, tuple[str, str], tuple[str, str], str]] = (
    ("MX", ("José Luis", "Hernández Peña"), ("Jose Luis", "Hernandez"), "phone"),
    ("PH", ("Maria Cristina", "dela Cruz"), ("Ma. Cristina", "De La Cruz"), "birth_date"),
    ("DE", ("Jürgen", "Müller"), ("Juergen", "Mueller"), "email"),
    ("PL", ("Katarzyna", "Wójcik"), ("Kasia", "Wojcik"), "phone"),
    ("JP", ("健", "佐藤"), ("Ken", "Sato"), "email"),
    ("UA", ("Олена", "Шевченко"), ("Olena", "Shevchenko"), "phone"),
    ("VN", ("Thị Hoa", "Nguyễn"), ("Hoa", "Nguyen Thi"), "phone"),
    ("US", ("Kathleen", "O'Connor"), ("Kathy", "OConnor"), "email"),
    ("ES", ("Begoña", "Etxeberria Sáez"), ("Begonia", "Echeverria"), "phone"),
    ("TR", ("Çiğdem", "Yılmaz"), ("Cigdem", "Yilmaz"), "birth_date"),
    ("NG", ("Chukwuemeka", "Okonkwo"), ("Emeka", "Okonkwo"), "phone"),
    ("BR", ("Ana Luíza", "Gonçalves"), ("Ana Luiza", "Goncalves da Silva"), "email"),
)
