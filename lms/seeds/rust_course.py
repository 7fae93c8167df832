"""The words of "Rust Programming 101": modules, lessons, questions."""

from typing import Final

import msgspec

from domain.assessment import QuestionKind
from domain.course import LessonKind

TITLE: Final = "Rust Programming 101"
CODE: Final = "RUST-101"
DESCRIPTION: Final = (
    "From an empty folder to a small program that the compiler has proved free of dangling"
    " pointers and data races. You need to have programmed before, in any language."
)


class SeededLesson(msgspec.Struct, frozen=True):
    title: str
    kind: LessonKind
    minutes: int
    content: str


class SeededQuestion(msgspec.Struct, frozen=True):
    """`right` and `wrong` are the texts of the choices."""

    kind: QuestionKind
    prompt: str
    right: tuple[str, ...]
    wrong: tuple[str, ...]
    points: int = 1


MODULES: Final[dict[str, tuple[SeededLesson, ...]]] = {
    "First steps": (
        SeededLesson(
            "Install the toolchain",
            LessonKind.TEXT,
            10,
            """Rust comes with one tool that installs all others, `rustup`.

    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh
    rustc --version
    cargo --version

`rustc` compiles one crate. You will hardly ever call it: `cargo` builds projects, fetches what
they depend on, runs tests and makes documentation.

Try it: `cargo new hello && cd hello && cargo run` prints *Hello, world!*.
""",
        ),
        SeededLesson(
            "Variables, types and functions",
            LessonKind.TEXT,
            20,
            """A variable can't be changed unless it says so.

    let answer = 42;          // an i32, found out by the compiler
    let mut count = 0_u64;    // `mut` allows the next line
    count += 1;

A function names the types of what it takes and of what it gives back. The last expression of its
body, without a semicolon, is its value.

    fn area(width: f64, height: f64) -> f64 {
        width * height
    }

Try it: put a semicolon after `width * height` and read what the compiler says.
""",
        ),
        SeededLesson(
            "Enums and match",
            LessonKind.TEXT,
            25,
            """An enum says that a value is one of several things, each with data of its own.

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

`match` must cover every case. Add a `Triangle` to the enum, and the compiler lists each place
that has to be thought about again. There is no null: what may be missing is an `Option<T>`, which
is an enum of `Some(T)` and `None`.
""",
        ),
    ),
    "Ownership": (
        SeededLesson(
            "Every value has one owner",
            LessonKind.TEXT,
            25,
            """Three rules hold everywhere:

1. Each value has one owner.
2. When the owner goes out of scope, the value is dropped.
3. Assigning or passing a value moves it, unless its type is `Copy`.

    let first = String::from("ferris");
    let second = first;       // moved
    println!("{first}");      // error[E0382]: borrow of moved value: `first`

So nothing is freed twice and nothing is used after it was freed, without a garbage collector. An
integer is `Copy`: it costs nothing to copy, so both names stay good. For a `String` ask for a copy
with `clone()`, where everybody can see it.
""",
        ),
        SeededLesson(
            "Borrowing",
            LessonKind.TEXT,
            30,
            """To let a function look at a value without giving it away, lend it.

    fn shout(name: &str) -> String { name.to_uppercase() }

    let name = String::from("ferris");
    shout(&name);             // borrowed
    println!("{name}");       // still ours

At any time there is either one `&mut` reference to a value or any number of `&` references, never
both. That is why two threads can't race for the same data: the program that would doesn't compile.

Try it: push to a `Vec` while you iterate over it.
""",
        ),
        SeededLesson(
            "Errors are values",
            LessonKind.TEXT,
            20,
            """A function that can fail returns `Result<T, E>`: `Ok(value)` or `Err(error)`.

    use std::{fs, io};

    fn first_line(path: &str) -> Result<String, io::Error> {
        let text = fs::read_to_string(path)?;
        Ok(text.lines().next().unwrap_or_default().to_owned())
    }

The `?` gives an error back to the caller, and otherwise unpacks the value. `panic!` is for bugs,
not for a file that isn't there.
""",
        ),
        SeededLesson(
            "The Book, chapters 4 and 9",
            LessonKind.LINK,
            60,
            "https://doc.rust-lang.org/book/ch04-00-understanding-ownership.html",
        ),
    ),
}

ASSESSMENT: Final = "Rust basics"
PASS_MARK: Final = 70
ATTEMPTS: Final = 3
QUESTIONS: Final = (
    SeededQuestion(
        QuestionKind.SINGLE,
        "What builds a project, fetches its dependencies and runs its tests?",
        ("cargo",),
        ("rustc", "rustup", "make"),
    ),
    SeededQuestion(
        QuestionKind.TRUE_FALSE,
        "A variable declared with `let x = 1;` can be assigned another value later.",
        ("false",),
        ("true",),
    ),
    SeededQuestion(
        QuestionKind.SINGLE,
        'After `let a = String::from("x"); let b = a;`, who owns the string?',
        ("b",),
        ("a", "a and b together", "nobody: it was dropped"),
        points=2,
    ),
    SeededQuestion(
        QuestionKind.MULTIPLE,
        "Which references to one value may exist at the same time?",
        ("one &mut and nothing else", "three &"),
        ("one &mut and one &", "two &mut"),
        points=2,
    ),
    SeededQuestion(
        QuestionKind.SINGLE,
        "What does `?` do behind an expression of type Result?",
        ("It returns the error to the caller, else gives the value",),
        ("It panics on an error", "It ignores the error", "It asks the user"),
    ),
)
