-- Teaching. What lessons told whom decides what may be handed to whom.
CREATE TABLE teaching_cases (
    pair INTEGER PRIMARY KEY REFERENCES pairs (id),
    offered INTEGER NOT NULL,
    -- When it was taken back; none while it is offered.
    taken_back INTEGER
) STRICT;

CREATE TABLE teaching_answers (
    id INTEGER PRIMARY KEY,
    pair INTEGER NOT NULL REFERENCES pairs (id),
    person INTEGER NOT NULL REFERENCES people (id),
    -- Which time this person has the pair, from 1.
    attempt INTEGER NOT NULL,
    -- What the person asked for.
    level TEXT NOT NULL CHECK (level IN ('due', 'easy', 'middling', 'hard')),
    version INTEGER NOT NULL,
    change TEXT NOT NULL,
    -- Grades as they stand: JSON.
    grades TEXT NOT NULL,
    opened INTEGER NOT NULL,
    -- Milliseconds of work, as the browser counted them and the clock allows.
    active INTEGER NOT NULL DEFAULT 0,
    -- How often the window lost the focus.
    left INTEGER NOT NULL DEFAULT 0,
    locked INTEGER,
    -- The grades that the pair was settled with at that moment, and all that was told: JSON.
    truth TEXT,
    told TEXT,
    -- Which of the waits it is in, from 0, and when it comes back; none where it does not.
    step INTEGER,
    due INTEGER,
    CHECK ((locked IS NULL) = (truth IS NULL) AND (locked IS NULL) = (told IS NULL)),
    UNIQUE (person, pair, attempt)
) STRICT;
CREATE INDEX teaching_answers_by_pair ON teaching_answers (pair, person, locked);
CREATE TRIGGER teaching_answers_stay BEFORE UPDATE ON teaching_answers WHEN OLD.locked IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'a submitted answer stays as it is');
END;
CREATE TRIGGER teaching_answers_remain BEFORE DELETE ON teaching_answers BEGIN
    SELECT RAISE(ABORT, 'an answer is never removed');
END;
