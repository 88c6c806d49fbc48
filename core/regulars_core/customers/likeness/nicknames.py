"""Given names, and what people who bear them are called: a name stands first in its line. Small letters without accents."""

from collections.abc import Mapping

_CALLED = """
abigail abby gail; alberto beto al; alejandra ale alexa sandra; alejandro alejo ale alex jandro; alexander alex xander sasha
lex; alexandra alex sandra lexi; alfredo fredo alfred fredy; alicia licha ali; alonso alonzo; ana anita; andrea andy; andres
andy; andrew andy drew; angelica angie; anna annie ann anne; antonia tonia toni; antonio tono toni tony antonito; anthony tony
ant; arthur art artie; arturo turo art; barbara barb babs barbie; beatriz bea betty; benjamin ben benny benji benja; carlos
charly carlitos; carmen carmela carmelita; carolina caro; caroline carrie; catalina cata lina cati; catherine cathy kate katie
cat; charles charlie chuck chas; christina chris tina chrissy; christopher chris topher kit; claudia clau; concepcion concha
conchita; consuelo chelo; cristian cris; cristina cris tina; cynthia cindy; daniel dan danny dani; daniela dani dany; david
dave davey; deborah debbie deb; diego dieguito; dolores lola lolita; donald don donnie; dorothy dot dottie; edgar eddie;
eduardo lalo edu eddy; edward ed eddie ted ned; elena nena lena; elizabeth liz lizzie beth betsy betty eliza; emily em emmy;
emilio milo; enrique quique kike; ernesto neto; esperanza espe; esteban teban; estefania estefy fani; esther ester; federico
fede; felipe pipe; fernanda fer ferna nanda; fernando fer nando ferni; florencia flor flo; francisca paca paquita fran;
francisco paco pancho kiko curro fran frasco; frank frankie; franklin frank; frederick fred freddie; gabriel gabo gabi gabe;
gabriela gabi gaby; george georgie; gerald gerry jerry; gerardo gera; gilberto beto gil; gonzalo gonza; graciela chela grace;
gregory greg; guadalupe lupe lupita; guillermo memo willy guille; gustavo gus tavo; hector tito; henry hank harry; heriberto
beto; hugo huguito; humberto beto; ignacio nacho; irene rena; isabel isa chabela chavela bel; isabella isa bella; ismael isma;
jacob jake; jacqueline jackie; jaime jaimito; james jim jimmy jamie; javier javi; jeffrey jeff; jennifer jen jenny; jessica
jess jessie; jesus chuy chucho; joaquin joaco quino; john johnny jack jon; jonathan jon jonny nathan; jorge coco jorgito; jose
pepe chepe joseito; josefa pepa josefina; josefina fina pepa jose; joseph joe joey; josephine jo josie; joshua josh; juan
juanito juancho; juana juanita; julia juli; julian juli; juliana juli; julio julito; karen kari; katherine kathy kate katie
kat kathryn; kenneth ken kenny; kimberly kim; laura lau laurita; lawrence larry; leonardo leo; leticia lety leti; lidia lidi;
lorena lore; lourdes lulu; lucia lucy luci; luis lucho luisito; luisa lula luisita; magdalena magda malena lena; manuel manolo
manu meme manny; manuela manoli manu; marcela marce; marcelo marce; marcos marquitos; margaret maggie meg peggy marge;
margarita marga mago rita; maria mari maruja mariquita; mariana mari; marta martita; martha marty; matthew matt; mauricio mau;
maximiliano max maxi; melissa mel; mercedes merche meche; michael mike mickey mick; miguel migue mike; monica moni; montserrat
montse; natalia nati nata; nathaniel nat nathan nate; nicholas nick nicky; nicolas nico; norma normita; octavio tavo; oscar
osqui; pablo pablito; pamela pam; patricia pati paty patty pat trish tricia; patrick pat paddy; paula pau; pedro perico
pedrito; peter pete; pilar pili; rafael rafa; ramon moncho mon; raquel raque; raul rulo; raymond ray; rebeca beca; rebecca
becky becca; refugio cuca; ricardo ricky richi rica; richard rick dick rich ricky; robert bob bobby rob robbie bert; roberto
beto rober robe; rocio chio; rodolfo rodo fito; rodrigo rodri rod; ronald ron ronnie; rosa rosita; rosario chayo charo; ruben
rube; salvador chava salva; samantha sam; samuel sam sammy; sandra sandy; santiago santi chago; sebastian sebas seba; sergio
checo sergi; silvia silvi; socorro coco; sofia sofi; soledad sole; stephanie steph; stephen steve; steven steve; susan sue
susie; susana susi; teresa tere teresita; theodore ted theo teddy; theresa terry tess; thomas tom tommy; timothy tim; tomas
tomy; valentina vale valen; valeria vale; vanessa vane; veronica vero; vicente chente; victor vic; victoria vicky tori;
vincent vince vinny; virginia vicky gina; walter walt; william bill billy will willy liam; yolanda yoli; zachary zach zack;
giovanni gianni nino; giuseppe peppe beppe; salvatore salvo; joao joaozinho; antonio toninho; jose ze zezinho; francisco
chico; johannes hans hannes; friedrich fritz; katharina kathi; elisabeth lisa elli; maximilian max; wilhelm willi
"""
_OTHERS = """
adam adrian adriana agustin aida alan alba aldo alfonso alma alvaro amalia amanda amelia amparo amy angel angela angelina
araceli armando ashley august aurora belen berta blanca brandon brenda brian bruno camila camilo carla carol cecilia celia
cesar clara clemente cristobal dana danna dario debora delia denise diana dora eduarda elias elisa elsa elvira ema emma emilia
emiliano enriqueta erica erika eric ethan eugenia eugenio eva evelyn fabian fabiola fatima felicia felix fidel flora gael
genaro german gloria grace graciela gregorio hannah helen helena hilda horacio ines ingrid irma isaac ivan ivonne jack jason
javiera jeremy joan joana joel jonas josue judith julieta justin kevin kyle leon leonor leticia liliana linda lisa logan
lorenzo lucas luciana luciano luz madison marcia marco margot mariano marina mario marisol mark martin mary mateo matias mia
micaela miranda miriam nancy nelson nicole noah noe nora olga olivia omar orlando pascual paulina paulo perla rachel ramiro
regina renata rene reyna rita rogelio roman romina ruth ryan salma sara sarah saul selena silvio simon sonia stella tamara
tania tyler uriel valentin valerio vera wendy ximena zoe
"""


def _by_word() -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {name: {name} for name in _OTHERS.split()}
    for line in _CALLED.split(";"):
        for word in (words := line.split()):
            found.setdefault(word, set()).add(words[0])
    for line in _CALLED.split(";"):
        name = line.split()[0]
        found[name] = {name}  # a name in its own right is nobody's nickname
    return {word: frozenset(names) for word, names in found.items()}


NAMES_OF = _by_word()
"""The names that a word may stand for; those that are not here are unknown."""
