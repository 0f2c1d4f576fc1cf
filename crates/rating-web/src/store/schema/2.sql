-- Reader studies. The journal is the record of what happened; these tables say
-- how things stand, and can be made again from it.
CREATE TABLE studies (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    -- The protocol of the study: TOML, and its hash.
    protocol TEXT NOT NULL,
    hash TEXT NOT NULL,
    -- The bundle whose answers are shown; none in a study without answers.
    bundle TEXT,
    opened INTEGER NOT NULL,
    closed INTEGER,
    -- Hash over every submitted reading when the study was closed.
    seal TEXT
) STRICT;

CREATE TABLE study_cases (
    study INTEGER NOT NULL REFERENCES studies (id),
    number INTEGER NOT NULL,
    pair INTEGER NOT NULL REFERENCES pairs (id),
    -- What the system said when the study was opened: JSON.
    answer TEXT,
    -- What the pair's embargo was before.
    embargo INTEGER,
    withdrawn INTEGER,
    why TEXT,
    PRIMARY KEY (study, number),
    UNIQUE (study, pair)
) STRICT, WITHOUT ROWID;

CREATE TABLE study_maps (
    study INTEGER NOT NULL,
    number INTEGER NOT NULL,
    modality INTEGER NOT NULL,
    png BLOB NOT NULL,
    PRIMARY KEY (study, number, modality),
    FOREIGN KEY (study, number) REFERENCES study_cases (study, number)
) STRICT;

CREATE TABLE study_readers (
    study INTEGER NOT NULL REFERENCES studies (id),
    number INTEGER NOT NULL,
    person INTEGER NOT NULL REFERENCES people (id),
    withdrawn INTEGER,
    why TEXT,
    PRIMARY KEY (study, number),
    UNIQUE (study, person)
) STRICT, WITHOUT ROWID;

CREATE TABLE study_sessions (
    id INTEGER PRIMARY KEY,
    study INTEGER NOT NULL REFERENCES studies (id),
    reader INTEGER NOT NULL,
    number INTEGER NOT NULL,
    arm INTEGER NOT NULL,
    -- Why it may begin before the washout is over.
    early TEXT,
    -- Readings of cases that were not withdrawn: all of them, and those submitted.
    total INTEGER NOT NULL,
    done INTEGER NOT NULL DEFAULT 0,
    -- When the last one was submitted.
    last INTEGER,
    UNIQUE (study, reader, number)
) STRICT;

CREATE TABLE study_items (
    id INTEGER PRIMARY KEY,
    session INTEGER NOT NULL REFERENCES study_sessions (id),
    position INTEGER NOT NULL,
    number INTEGER NOT NULL,
    is_repeat INTEGER NOT NULL,
    altered TEXT CHECK (altered IN ('up', 'down')),
    UNIQUE (session, position)
) STRICT;
CREATE INDEX study_items_of_case ON study_items (number, session);

CREATE TABLE study_answers (
    item INTEGER PRIMARY KEY REFERENCES study_items (id),
    version INTEGER NOT NULL,
    change TEXT NOT NULL,
    -- Grades as they stand: JSON.
    grades TEXT NOT NULL,
    -- Grades before the system's answer was shown, where the arm asks for them: JSON.
    own TEXT,
    opened INTEGER NOT NULL,
    shown INTEGER,
    submitted INTEGER,
    -- Milliseconds of work, as the browser counted them and the clock allows.
    active INTEGER NOT NULL DEFAULT 0,
    -- How often the window lost the focus.
    left INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TRIGGER study_answers_stay BEFORE UPDATE ON study_answers WHEN OLD.submitted IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'a submitted reading stays as it is');
END;
CREATE TRIGGER study_answers_remain BEFORE DELETE ON study_answers BEGIN
    SELECT RAISE(ABORT, 'a reading is never removed');
END;
