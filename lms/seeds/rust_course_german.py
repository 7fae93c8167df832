"""What "Rust Programming 101" says in German, by what it says in English.

What isn't here (`cargo`, a link) is the same in both.
"""

from typing import Final

LANGUAGE: Final = "de"

TEXTS: Final = {
    "Rust Programming 101": "Rust-Programmierung 101",
    "From an empty folder to a small program that the compiler has proved free of dangling"
    " pointers and data races. You need to have programmed before, in any language.": (
        "Von einem leeren Ordner zu einem kleinen Programm, von dem der Compiler bewiesen hat,"
        " dass es keine hängenden Zeiger und keine Data Races enthält. Sie sollten schon"
        " programmiert haben, gleich in welcher Sprache."
    ),
    "First steps": "Erste Schritte",
    "Ownership": "Besitz",
    "Install the toolchain": "Die Werkzeuge installieren",
    "Variables, types and functions": "Variablen, Typen und Funktionen",
    "Enums and match": "Enums und match",
    "Every value has one owner": "Jeder Wert hat genau einen Besitzer",
    "Borrowing": "Leihen",
    "Errors are values": "Fehler sind Werte",
    "The Book, chapters 4 and 9": "Das Buch, Kapitel 4 und 9 (englisch)",
    "Rust basics": "Grundlagen von Rust",
    "What builds a project, fetches its dependencies and runs its tests?": (
        "Was baut ein Projekt, holt seine Abhängigkeiten und führt seine Tests aus?"
    ),
    "A variable declared with `let x = 1;` can be assigned another value later.": (
        "Einer Variablen, die mit `let x = 1;` deklariert wurde, kann man später einen anderen"
        " Wert zuweisen."
    ),
    "true": "wahr",
    "false": "falsch",
    'After `let a = String::from("x"); let b = a;`, who owns the string?': (
        'Wem gehört der String nach `let a = String::from("x"); let b = a;`?'
    ),
    "a and b together": "a und b gemeinsam",
    "nobody: it was dropped": "niemandem: er wurde freigegeben",
    "Which references to one value may exist at the same time?": (
        "Welche Referenzen auf einen Wert darf es gleichzeitig geben?"
    ),
    "one &mut and nothing else": "eine &mut und sonst keine",
    "three &": "drei &",
    "one &mut and one &": "eine &mut und eine &",
    "two &mut": "zwei &mut",
    "What does `?` do behind an expression of type Result?": (
        "Was tut `?` hinter einem Ausdruck vom Typ Result?"
    ),
    "It returns the error to the caller, else gives the value": (
        "Es gibt den Fehler an den Aufrufer zurück und liefert sonst den Wert"
    ),
    "It panics on an error": "Es bricht bei einem Fehler mit einer Panic ab",
    "It ignores the error": "Es übergeht den Fehler",
    "It asks the user": "Es fragt den Benutzer",
    "Your opinion on Rust Programming 101": "Ihre Meinung zu Rust-Programmierung 101",
    "How well was it explained?": "Wie gut wurde es erklärt?",
    "How likely is it that you recommend this course?": (
        "Wie wahrscheinlich ist es, dass Sie diesen Kurs weiterempfehlen?"
    ),
    "How was the pace?": "Wie war das Tempo?",
    "too slow": "zu langsam",
    "just right": "genau richtig",
    "too fast": "zu schnell",
    "What should we change?": "Was sollten wir ändern?",
}

LESSONS: Final = {
    "Install the toolchain": """Rust bringt ein Werkzeug mit, das alle anderen
installiert: `rustup`.

    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh
    rustc --version
    cargo --version

`rustc` übersetzt eine Crate. Sie rufen es kaum je selbst auf: `cargo` baut Projekte, holt, wovon
sie abhängen, führt Tests aus und erzeugt die Dokumentation.

Probieren Sie: `cargo new hello && cd hello && cargo run` gibt *Hello, world!* aus.
""",
    "Variables, types and functions": """Eine Variable ist unveränderlich, wenn sie nichts
anderes sagt.

    let answer = 42;          // ein i32, das findet der Compiler heraus
    let mut count = 0_u64;    // `mut` erlaubt die nächste Zeile
    count += 1;

Eine Funktion nennt die Typen dessen, was sie nimmt und was sie zurückgibt. Der letzte Ausdruck
ihres Rumpfes, ohne Semikolon, ist ihr Wert.

    fn area(width: f64, height: f64) -> f64 {
        width * height
    }

Probieren Sie: Setzen Sie ein Semikolon hinter `width * height`, und lesen Sie, was der Compiler
sagt.
""",
    "Enums and match": """Ein Enum sagt, dass ein Wert eines von mehreren Dingen ist,
jedes mit eigenen Daten.

    enum Shape {
        Circle { radius: f64 },
        Square(f64),
    }

    fn area(shape: &Shape) -> f64 {
        match shape {
            Shape::Circle { radius } => std::f64::consts::PI * radius * radius,
            Shape::Square(side) => side * side,
        }
    }

`match` muss jeden Fall abdecken. Fügen Sie dem Enum ein `Triangle` hinzu, und der Compiler nennt
jede Stelle, die neu bedacht werden muss. Es gibt kein Null: Was fehlen darf, ist ein `Option<T>`,
also ein Enum aus `Some(T)` und `None`.
""",
    "Every value has one owner": """Drei Regeln gelten überall:

1. Jeder Wert hat einen Besitzer.
2. Verlässt der Besitzer seinen Gültigkeitsbereich, wird der Wert freigegeben.
3. Zuweisen oder Übergeben verschiebt einen Wert, es sei denn, sein Typ ist `Copy`.

    let first = String::from("ferris");
    let second = first;       // verschoben
    println!("{first}");      // error[E0382]: borrow of moved value: `first`

So wird nichts doppelt freigegeben und nichts benutzt, nachdem es freigegeben wurde, ohne dass ein
Garbage Collector nötig ist. Eine ganze Zahl ist `Copy`: Sie zu kopieren kostet nichts, also bleiben
beide Namen gültig. Von einem `String` verlangen Sie eine Kopie mit `clone()`, sichtbar für alle.
""",
    "Borrowing": """Damit eine Funktion einen Wert ansehen kann, ohne dass Sie ihn weggeben,
leihen Sie ihn her.

    fn shout(name: &str) -> String { name.to_uppercase() }

    let name = String::from("ferris");
    shout(&name);             // geliehen
    println!("{name}");       // gehört noch uns

Zu jeder Zeit gibt es auf einen Wert entweder eine Referenz `&mut` oder beliebig viele `&`, nie
beides. Darum können zwei Threads nicht um dieselben Daten wetteifern: Das Programm, das es täte,
lässt sich nicht übersetzen.

Probieren Sie: Hängen Sie etwas an einen `Vec` an, während Sie ihn durchlaufen.
""",
    "Errors are values": """Eine Funktion, die scheitern kann, gibt `Result<T, E>` zurück:
`Ok(value)` oder `Err(error)`.

    use std::{fs, io};

    fn first_line(path: &str) -> Result<String, io::Error> {
        let text = fs::read_to_string(path)?;
        Ok(text.lines().next().unwrap_or_default().to_owned())
    }

Das `?` gibt einen Fehler an den Aufrufer zurück und packt sonst den Wert aus. `panic!` ist für
Programmfehler da, nicht für eine Datei, die es nicht gibt.
""",
}
