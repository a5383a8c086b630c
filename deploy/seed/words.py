"""Names and topics of the seeded people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

FIRST_NAMES: Final = """
Ada Agnieszka Ahmed Aiko Alan Amara Ana Anders André Anita Anouk Arjun Astrid Aya Barbara Beatriz Björn Bogdan
Brian Camila Carlos Chen Chloé Clara Dag Daniel Daria David Deepa Diego Dmitri Edsger Elena Elif Emeka Emma
Erik Fatima Felix Fiona Frances Françoise Gabriel Giulia Grace Guido Gül Hannah Haruki Hedy Helena Hugo
Ibrahim Imre Ines Ingrid Isabel Ivan Jack James Jana Jean Jiří Joan João Johanna José Julia Kaito Karen
Katherine Kenji Kofi Lars Laura Leila Leo Leonie Leslie Li Linnea Linus Lucía Luís Maja Marek Margaret Maria
Marta Mateusz Maya Mehmet Mei Mia Michael Mikko Milan Min-jun Mohammed Nadia Nia Niels Noah Nora Núria Olga
Oliver Omar Oskar Paolo Pavel Petra Pierre Priya Radia Rahel Ravi Renée Rosa Ruth Sana Sara Sean Sebastián
Sofia Søren Stefan Sven Tadeusz Tariq Thandiwe Theo Tim Tomás Ulla Uma Valentina Vera Viktor Wanjiru Wei
William Xavier Yara Yuki Yusuf Zeynep Zoë
"""
LAST_NAMES: Final = """
Abebe Acheampong Ahmed Almeida Andersen Bakker Bauer Becker Bernard Bianchi Björk Brown Carvalho Castillo Chen
Clarke Cohen Costa Czerny Dąbrowska Davies Demir Díaz Dijkstra Dubois Duarte Edwards Eriksson Evans Farah
Fernández Ferrari Fischer Fontaine Fraser Fujita García Gonçalves González Gruber Gupta Haddad Hansen Harris
Hassan Hernández Hoffmann Holm Hopper Horváth Ibarra Ito Ivanova Jackson Jansen Jensen Johansson Jones Kaplan
Kapoor Karlsson Kaya Kim Klein Kobayashi Koch Kovács Kowalski Kumar Lamarr Larsen Lee Lefèvre Lehtonen
Lindgren Liskov López Lovelace Maier Mäkinen Martin Martínez Mbeki Mendes Meyer Moreau Moretti Müller Murphy
Nakamura Nguyen Nielsen Novák Nowak O'Brien Okafor Olsen Olson Osei Özdemir Park Patel Pereira Perlman Petrov
Popescu Quinn Ramírez Rao Reyes Ricci Rodríguez Romano Rossi Sánchez Santos Sato Schmidt Schneider Schulz
Sharma Silva Singh Smith Sokolova Sørensen Suzuki Svensson Takahashi Tanaka Taylor Thompson Torres Turing Tutu
Vargas Virtanen Vogel Walker Wang Weber Wilson Wójcik Wright Yamamoto Yilmaz Young Zając Zhang Ziegler
"""
TOPICS: Final[Mapping[str, tuple[str, ...]]] = {
    "astronomy": ("a small telescope", "the moon Europa", "a dark sky", "the Orion nebula", "an old star chart"),
    "baking": ("a sourdough starter", "rye flour", "the second proof", "a cast-iron pot", "a proper crust"),
    "bicycles": ("a steel frame", "a chain that creaks", "the long way home", "a dynamo hub", "a wide tyre"),
    "birds": ("the dawn chorus", "a pair of kingfishers", "a cheap telescope", "a list for life", "the winter feeder"),
    "books": ("a second-hand novel", "the last chapter", "a reading group", "a long footnote", "a good translation"),
    "chess": ("a rook ending", "the Caro-Kann", "a quiet move", "the clock", "a lost position"),
    "climbing": ("the first overhang", "a worn-out shoe", "a rest day", "the crux", "a patient belayer"),
    "coffee": ("a hand grinder", "the moka pot", "a bag of fresh beans", "water that is too hot", "a second cup"),
    "databases": (
        "an index nobody uses",
        "a slow query",
        "the outbox",
        "a restore that was rehearsed",
        "one big table",
    ),
    "film": ("a silent film", "the long take", "an empty cinema", "the director's cut", "a borrowed projector"),
    "gardening": ("the compost heap", "late frost", "a tomato from seed", "a patch of nettles", "heavy clay"),
    "history": ("a parish register", "an unsigned letter", "the old harbour", "a forgotten map", "a family story"),
    "knitting": ("a dropped stitch", "the first sock", "wool from the neighbour's sheep", "a long scarf", "the heel"),
    "languages": (
        "the subjunctive",
        "a patient friend",
        "a stack of flash cards",
        "a false friend",
        "the first joke I understood",
    ),
    "maths": (
        "a proof by pictures",
        "the pigeonhole principle",
        "a wrong turn",
        "the gap between two primes",
        "a blackboard",
    ),
    "music": ("a borrowed cello", "the slow movement", "the scale of B flat", "a kitchen concert", "an upright piano"),
    "photography": ("a roll of film", "the light at six", "a broken lens", "a contact sheet", "one lens for a year"),
    "programming": ("a failing test", "the smallest change that works", "a code review", "old code", "a good name"),
    "running": ("the last kilometre", "a rainy morning", "a new pair of shoes", "an easy week", "the park at dawn"),
    "sailing": ("a light wind", "the harbour at night", "a stubborn winch", "the first reef", "a patched sail"),
    "swimming": ("cold water", "the outdoor pool", "a slow length", "the lake in May", "breathing to the left"),
    "trains": ("the night train", "a missed connection", "a window seat", "the branch line", "a paper timetable"),
    "weather": ("the barometer", "a thunderstorm", "fog in the valley", "a home-made rain gauge", "the first snow"),
    "woodworking": ("a hand plane", "a sharp chisel", "the dovetail", "a crooked shelf", "green oak"),
}
TITLES: Final = (
    "{A}: what I learned in a year",
    "Notes on {a}",
    "Why I came back to {a}",
    "{A}, again",
    "{A} or {b}?",
    "A beginner's word about {a}",
    "In praise of {a}",
    "How {a} changed my mind",
    "The trouble with {a}",
    "Three weeks with {a}",
    "{A} for the impatient",
    "What {a} has to do with {b}",
    "Does anybody else care about {a}?",
    "A small thing about {a}",
)
SENTENCES: Final = (
    "I spent a whole evening with {a}, and it was worth every minute.",
    "Nobody tells you that {a} matters more than {b}.",
    "If you are new to {topic}, begin with {a} and leave {b} for later.",
    "It took me three tries, and each time {a} was the reason.",
    "A friend lent me what I needed, and then there was {a}.",
    "I had read about {a} for years before I understood it.",
    "What helped in the end was to forget {b} for a while.",
    "There is a moment when {a} stops being work.",
    "My grandfather used to say that {a} teaches patience.",
    "I am still not sure about {a}, but {b} has won me over.",
    "You need less than you think: {a}, some time, and no hurry.",
    "The first time I saw {a} I did not know what I was looking at.",
    "Somebody asked me last week why I bother with {a}.",
    "I keep a notebook, and half of it is about {a}.",
    "The short answer is {a}; the long one begins with {b}.",
    "Of all mistakes one can make, underrating {a} is the nicest.",
    "I would do it again, though perhaps without {b}.",
    "It rained all day, so I stayed in with {a}.",
    "Nothing went as planned, and {a} was the best of it.",
    "Ask me again in a year, when I know more about {a}.",
)
COMMENTS: Final = (
    "Well said.",
    "This is exactly how it went for me, too.",
    "I had not thought of it that way. Thank you.",
    "Could you say more about {a}?",
    "I disagree about {b}, but I enjoyed reading this.",
    "You made me want to try {a} this weekend.",
    "Saved for later.",
    "My experience with {a} was quite different, to be honest.",
    "How long did it take you?",
    "I laughed at the last line.",
    "More of this, please!",
    "Do you have a picture?",
    "{A} is where it all began for me.",
    "Lovely.",
    "I have sent this to my sister, who will not stop talking about {a}.",
    "What would you do differently?",
)
BIOS: Final = (
    "Mostly {topic}. Sometimes {other}.",
    "I write about {topic} so that I remember it.",
    "{Topic} by day, {other} by night.",
    "Here to learn about {topic}.",
    "Slow reader, slower writer. {Topic} and {other}.",
    "",
)
