"""The words that made-up people and courses are made of."""

from typing import Final

_FIRST = """
Aisha Alejandro Amara Ana Anders Anna Astrid Ben Camille Carlos Chidi Chloé Dalia Daniel
David Elena Elif Emma Erik Fatima Felix Freya Gabriel Giulia Grace Hana Hannah Hassan Helena
Hiro Ibrahim Ines Isabel Ivan Jakub James Jana Jin Joanna João Jonas Julia Kai Karim
Katarzyna Kenji Lara Laura Leila Leon Li Lina Lucas Lucía Luka Magnus Maja Marco Maria Marie
Mateo Maya Mei Michael Mila Mohammed Nadia Naomi Nikhil Nina Noah Noor Olga Oliver Omar
Oscar Paula Pavel Pedro Petra Priya Rafael Rania Ravi Rosa Ruth Ryan Samir Sara Sofia Stefan
Sven Tariq Thomas Tomás Uma Valentina Viktor Wei Yara Yuki Yusuf Zoe Zofia
"""
_LAST = """
Abbott Adeyemi Ahmed Almeida Andersson Bakker Barbosa Bauer Becker Berger Bianchi Brown Chen
Clark Costa Cruz Dahl Diaz Dubois Eriksen Evans Farah Fernández Fischer Garcia Gomez Gruber
Haddad Hansen Hartmann Hoffmann Horvat Huang Ito Ivanova Jansen Jensen Johnson Kaya Keller
Khan Kim Kovács Kowalska Kumar Larsen Lee Lindberg Liu Lopez Martin Mbeki Mehta Meyer Miller
Moreau Mori Müller Murphy Nakamura Nguyen Nielsen Novák Okafor Olsen Owens Park Patel Petrov
Popescu Ramos Rao Ricci Rossi Roy Ruiz Sánchez Santos Sato Schmidt Schneider Silva Singh
Smith Sousa Suzuki Takahashi Tanaka Torres Vargas Virtanen Visser Wagner Walker Wang Weber
Wilson Wójcik Yamamoto Yılmaz Young Zhang Zimmermann
"""
FIRST_NAMES: Final = tuple(_FIRST.split())
LAST_NAMES: Final = tuple(_LAST.split())
DEPARTMENTS: Final = {
    "Engineering": ("Software engineer", "Site reliability engineer", "Test engineer"),
    "Sales": ("Account executive", "Sales engineer", "Sales representative"),
    "Support": ("Support engineer", "Customer advisor"),
    "Operations": ("Operator", "Shift planner", "Maintenance technician"),
    "Finance": ("Accountant", "Controller"),
    "People": ("Recruiter", "People partner"),
    "Marketing": ("Content editor", "Campaign manager"),
    "Legal": ("Counsel", "Compliance officer"),
    "Product": ("Product manager", "Designer", "Researcher"),
    "Logistics": ("Dispatcher", "Warehouse associate", "Driver"),
}
"""What people work as, by department."""
SECTIONS: Final = {
    "Engineering": ("Platform", "Applications", "Test"),
    "Sales": ("Key accounts", "New business"),
    "Support": ("First line", "Second line"),
    "Operations": ("Plant", "Planning", "Maintenance"),
    "Finance": ("Accounting", "Control"),
    "People": ("Hiring", "Development"),
    "Marketing": ("Content", "Campaigns"),
    "Legal": ("Contracts", "Conduct"),
    "Product": ("Management", "Design", "Research"),
    "Logistics": ("Dispatch", "Warehouse", "Fleet"),
}
"""What is below each department."""
TIME_ZONES: Final = (
    "Europe/Berlin",
    "Europe/Madrid",
    "Europe/London",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Asia/Tokyo",
)

SUBJECTS: Final = {
    "programming": ("Python", "TypeScript", "Go", "SQL", "Testing", "Git"),
    "security": ("Phishing", "Passwords and passkeys", "Secure coding", "Incident response"),
    "data": ("Statistics", "Data modelling", "Dashboards", "Machine learning"),
    "cloud": ("Kubernetes", "Networking", "Observability", "Cost control"),
    "leadership": ("Giving feedback", "Delegation", "Hiring", "Leading change"),
    "compliance": ("Data protection", "Anti-corruption", "Export control", "Competition law"),
    "safety": ("Fire safety", "First aid", "Working at heights", "Ergonomics"),
    "communication": ("Presentations", "Writing clearly", "Negotiation", "Meetings"),
    "finance": ("Budgets", "Cash flow", "Annual reports", "Controlling"),
    "sales": ("Discovery calls", "Forecasting", "Key accounts", "Customer success"),
    "design": ("Accessibility", "User research", "Typography", "Prototyping"),
    "projects": ("Planning", "Risk management", "Retrospectives", "Estimation"),
}
"""What courses are about, by topic."""
FORMS: Final = ("{} basics", "{} in practice", "Advanced {}", "{} for leads")
MODULES: Final = (
    "Why it matters",
    "First steps",
    "Principles",
    "Tools",
    "Cases",
    "Beyond the basics",
)
LESSONS: Final = (
    "What you will be able to do",
    "The words we use",
    "A worked example",
    "Common mistakes",
    "Your turn",
    "What the rules say",
    "A conversation with a practitioner",
    "Checklist",
)
STATEMENTS: Final = (
    "Small steps are checked more easily than large ones.",
    "Whoever is affected is asked first.",
    "A written decision can be questioned later.",
    "What isn't measured can't be compared.",
    "The simplest thing that works is tried first.",
    "A mistake is reported as soon as it is found.",
    "Nobody signs for what they haven't seen.",
    "An exception has an owner and an end.",
)
MISCONCEPTIONS: Final = (
    "It is enough if one person knows.",
    "Rules don't apply under time pressure.",
    "A second look is a sign of distrust.",
    "What worked last year needs no review.",
    "The tool decides.",
    "Silence means agreement.",
)

GOOD_WORDS: Final = (
    "Clear, short, and I could use it the next day.",
    "The examples are from our own work. More of that!",
    "Best course I have taken here so far.",
    "I finally understand why we do it this way.",
    "Good pace, and the assessment was fair.",
)
MIXED_WORDS: Final = (
    "Good content, but some lessons are too long.",
    "The second half could be shorter.",
    "Fine as an introduction; I had hoped for more depth.",
    "Some of the links no longer work.",
)
POOR_WORDS: Final = (
    "Too much theory for my job.",
    "The questions had little to do with the lessons.",
    "I knew all of that already.",
)
WITHDRAWAL_REASONS: Final = (
    "No time this quarter",
    "Changed teams",
    "Not what I expected",
    None,
)
REJECTION_REASONS: Final = ("Names a customer", "Isn't about the course", "Hard to understand")
