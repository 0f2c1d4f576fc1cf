CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- The journal: see store/journal.rs.
CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    person INTEGER,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    before TEXT,
    after TEXT,
    hash BLOB NOT NULL
) STRICT;
CREATE INDEX events_by_subject ON events (subject, id);
CREATE TRIGGER events_stay BEFORE UPDATE ON events BEGIN
    SELECT RAISE(ABORT, 'the journal is only ever added to');
END;
CREATE TRIGGER events_remain BEFORE DELETE ON events BEGIN
    SELECT RAISE(ABORT, 'the journal is only ever added to');
END;

CREATE TABLE people (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    role TEXT NOT NULL CHECK (role IN ('reader', 'senior', 'coordinator', 'admin')),
    -- argon2id, PHC string; none until the person has used the link.
    password TEXT,
    active INTEGER NOT NULL DEFAULT 1,
    failures INTEGER NOT NULL DEFAULT 0,
    locked_until INTEGER,
    joined INTEGER NOT NULL
) STRICT;

-- One-time links. Only hashes of what opens a door are kept.
CREATE TABLE links (
    hash BLOB PRIMARY KEY,
    -- None: whoever uses it becomes the first administrator.
    person INTEGER REFERENCES people (id),
    -- It signs in without a password, in a demonstration.
    enters INTEGER NOT NULL DEFAULT 0,
    expires INTEGER NOT NULL,
    used INTEGER
) STRICT;

CREATE TABLE sessions (
    hash BLOB PRIMARY KEY,
    person INTEGER NOT NULL REFERENCES people (id),
    begun INTEGER NOT NULL,
    seen INTEGER NOT NULL
) STRICT;

CREATE TABLE tokens (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    person INTEGER NOT NULL REFERENCES people (id),
    name TEXT NOT NULL,
    made INTEGER NOT NULL,
    revoked INTEGER
) STRICT;

-- Pixels lie in files named by their hash.
CREATE TABLE images (
    hash BLOB PRIMARY KEY,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL
) STRICT;

CREATE TABLE pairs (
    id INTEGER PRIMARY KEY,
    -- What readers see instead of a name.
    code TEXT NOT NULL UNIQUE,
    -- The name in manifests.
    name TEXT NOT NULL UNIQUE,
    -- The row of the manifest it came with, JSON; whoever reads blind sees none of it.
    row TEXT NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('clinical', 'phantom', 'canned')),
    added INTEGER NOT NULL,
    -- Until then no answer of the system about it is given to anybody who reads.
    embargo INTEGER,
    removed INTEGER
) STRICT;

CREATE TABLE views (
    pair INTEGER NOT NULL REFERENCES pairs (id),
    modality INTEGER NOT NULL,
    image BLOB NOT NULL REFERENCES images (hash),
    -- Pixels as they were handed in, before anything outside the region was cut away.
    source BLOB NOT NULL,
    -- The ROI of the manifest: [left, top, right, bottom], or none yet.
    roi TEXT,
    PRIMARY KEY (pair, modality)
) STRICT, WITHOUT ROWID;
CREATE INDEX views_by_source ON views (source);
CREATE INDEX views_by_image ON views (image);

-- The part of a device's screen that is kept; names and dates stand around it.
CREATE TABLE regions (
    device TEXT NOT NULL,
    -- Size of its pictures: a device has more than one kind.
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    -- [left, top, right, bottom]
    region TEXT NOT NULL,
    PRIMARY KEY (device, width, height)
) STRICT, WITHOUT ROWID;

CREATE TABLE assignments (
    reader INTEGER NOT NULL REFERENCES people (id),
    pair INTEGER NOT NULL REFERENCES pairs (id),
    position INTEGER NOT NULL,
    PRIMARY KEY (reader, pair)
) STRICT, WITHOUT ROWID;
CREATE INDEX assignments_by_pair ON assignments (pair);
CREATE INDEX assignments_in_order ON assignments (reader, position);

CREATE TABLE readings (
    id INTEGER PRIMARY KEY,
    pair INTEGER NOT NULL REFERENCES pairs (id),
    reader INTEGER NOT NULL REFERENCES people (id),
    stage TEXT NOT NULL CHECK (stage IN ('first', 'consensus', 'adjudication')),
    -- Counts changes, so that two tabs never overwrite each other.
    version INTEGER NOT NULL,
    -- The change that led to this version, named by the browser: a repeated
    -- request is told apart from a second change.
    change TEXT NOT NULL,
    -- Grades, ROIs, comment, why it cannot be graded: JSON.
    body TEXT NOT NULL,
    -- What of the system's answer had been shown before it was locked: JSON.
    shown TEXT NOT NULL,
    -- Who else that had read the pair had seen the answer when a later reading
    -- was locked: numbers of people, JSON.
    seen_by TEXT NOT NULL DEFAULT '[]',
    opened INTEGER NOT NULL,
    saved INTEGER NOT NULL,
    locked INTEGER,
    -- Of a locked reading what decides how far its pair is. What it says, as far
    -- as readers can agree on it: its grades, or 'cannot'.
    verdict TEXT,
    -- Whether nothing of the system's answer led to it: `Reading::is_unaided`.
    unaided INTEGER,
    CHECK ((locked IS NULL) = (verdict IS NULL) AND (locked IS NULL) = (unaided IS NULL)),
    UNIQUE (pair, reader, stage)
) STRICT;
CREATE INDEX readings_by_reader ON readings (reader, stage, locked);
-- Lists of many pairs read nothing else. (No generated columns: an index of
-- them does not spare SQLite the rows.)
CREATE INDEX readings_in_outline ON readings (pair, stage, reader, verdict, unaided, locked)
    WHERE locked IS NOT NULL;
CREATE TRIGGER readings_locked BEFORE UPDATE ON readings WHEN OLD.locked IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'a locked reading stays as it is');
END;
CREATE TRIGGER readings_remain BEFORE DELETE ON readings BEGIN
    SELECT RAISE(ABORT, 'a reading is never removed');
END;

-- Who asked for the system's answer about a pair.
CREATE TABLE reveals (
    pair INTEGER NOT NULL REFERENCES pairs (id),
    person INTEGER NOT NULL REFERENCES people (id),
    what TEXT NOT NULL CHECK (what IN ('grades', 'heatmap')),
    time INTEGER NOT NULL,
    PRIMARY KEY (pair, person, what)
) STRICT, WITHOUT ROWID;

-- What a bundle says about a pair, within the ROIs it was asked for.
CREATE TABLE answers (
    pair INTEGER NOT NULL REFERENCES pairs (id),
    bundle TEXT NOT NULL,
    rois TEXT NOT NULL,
    -- Grades, votes, probabilities: JSON.
    body TEXT NOT NULL,
    -- The heatmap that lies in the folder of maps; none yet.
    heatmap TEXT CHECK (heatmap IN ('fast', 'exact')),
    made INTEGER NOT NULL,
    PRIMARY KEY (pair, bundle, rois)
) STRICT, WITHOUT ROWID;
