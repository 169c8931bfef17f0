/// The tables of the read model.
///
/// Times are milliseconds since 1970. Columns called `value` hold JSON: what is only read back as a whole.
enum ReadModelSchema {
    /// A file with another number is thrown away and built anew from the log: there is nothing to migrate.
    static let version: Int64 = 1

    static let sql = """
        -- A name that each building of the model has for itself, so that a cursor of an earlier one is known as such.
        CREATE TABLE incarnation (name TEXT NOT NULL) STRICT;

        -- The next offset to take of each partition.
        CREATE TABLE positions (
            topic TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL,
            PRIMARY KEY (topic, partition)
        ) STRICT, WITHOUT ROWID;

        -- One row a run. A run of which other topics told first has no time of submission yet and is not shown.
        CREATE TABLE runs (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL DEFAULT '',
            description TEXT NOT NULL DEFAULT '',
            username TEXT NOT NULL DEFAULT '',
            sweep TEXT,
            submitted INTEGER,
            -- Breaks ties between runs that were submitted together: the first of a matrix has the highest.
            rank INTEGER NOT NULL DEFAULT 0,
            labels TEXT NOT NULL DEFAULT '{}',
            parameters TEXT NOT NULL DEFAULT '{}',
            status TEXT NOT NULL,
            reason TEXT,
            message TEXT NOT NULL,
            attempt INTEGER NOT NULL,
            since INTEGER NOT NULL,
            machine TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX runs_by_time ON runs (submitted, rank, id);
        CREATE INDEX runs_by_status ON runs (status, submitted, rank, id);
        CREATE INDEX runs_by_name ON runs (name, submitted, rank, id);
        CREATE INDEX runs_by_user ON runs (username, submitted, rank, id);
        CREATE INDEX runs_by_sweep ON runs (sweep, submitted, rank, id) WHERE sweep IS NOT NULL;
        CREATE INDEX runs_in_queue ON runs (since, id) WHERE status = 'QUEUED';

        CREATE TABLE labels (
            name TEXT NOT NULL, value TEXT NOT NULL, run TEXT NOT NULL,
            PRIMARY KEY (name, value, run)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX labels_by_run ON labels (run);

        -- The events that runs were submitted with, apart from `runs`, which is scanned.
        CREATE TABLE submissions (run TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;

        CREATE TABLE history (
            run TEXT NOT NULL, step INTEGER NOT NULL, status TEXT NOT NULL, reason TEXT, message TEXT NOT NULL,
            attempt INTEGER NOT NULL, time INTEGER NOT NULL,
            PRIMARY KEY (run, step)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE jobs (
            run TEXT NOT NULL, attempt INTEGER NOT NULL, value TEXT NOT NULL,
            PRIMARY KEY (run, attempt)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE attempts (
            run TEXT NOT NULL, attempt INTEGER NOT NULL, value TEXT NOT NULL,
            PRIMARY KEY (run, attempt)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE contents (run TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

        -- Why the results of a run are not valid, and why to look twice at them; each source replaces what it said before.
        CREATE TABLE problems (
            run TEXT NOT NULL, source TEXT NOT NULL, problems TEXT NOT NULL, warnings TEXT NOT NULL,
            PRIMARY KEY (run, source)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE results (
            run TEXT NOT NULL, series TEXT NOT NULL, benchmark TEXT NOT NULL, metric TEXT NOT NULL,
            finished INTEGER NOT NULL, topic_partition INTEGER NOT NULL, topic_offset INTEGER NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (run, series)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX results_by_series ON results (series, finished, run);
        CREATE INDEX results_by_metric ON results (benchmark, metric, series);

        CREATE TABLE series (
            id TEXT PRIMARY KEY, benchmark TEXT NOT NULL, metric TEXT NOT NULL, count INTEGER NOT NULL,
            finished INTEGER NOT NULL, run TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX series_by_time ON series (finished, id);

        CREATE TABLE alarms (
            id TEXT PRIMARY KEY, state TEXT NOT NULL, run TEXT NOT NULL, series TEXT NOT NULL,
            opened INTEGER NOT NULL, value TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX alarms_by_time ON alarms (opened, id);
        CREATE INDEX alarms_by_run ON alarms (run);
        CREATE INDEX alarms_by_series ON alarms (series, state);

        -- What the streams tell. Numbers are never given twice, whatever is deleted.
        CREATE TABLE events (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            record TEXT NOT NULL, run TEXT NOT NULL, name TEXT NOT NULL, time INTEGER NOT NULL,
            logged INTEGER NOT NULL, kind TEXT NOT NULL, status TEXT, reason TEXT, message TEXT NOT NULL,
            attempt INTEGER NOT NULL, position INTEGER, series TEXT, alarm TEXT
        ) STRICT;
        CREATE INDEX events_by_run ON events (run, seq);
        CREATE INDEX events_by_time ON events (logged);

        -- What each idempotency key made. Stays when the runs are deleted.
        CREATE TABLE keys (
            client TEXT NOT NULL, key TEXT NOT NULL, ordinal INTEGER NOT NULL, digest TEXT NOT NULL,
            run TEXT NOT NULL, name TEXT NOT NULL, parameters TEXT NOT NULL, sweep TEXT,
            PRIMARY KEY (client, key, ordinal)
        ) STRICT, WITHOUT ROWID;

        -- Cancels that were asked for: whether by force.
        CREATE TABLE cancels (run TEXT PRIMARY KEY, force INTEGER NOT NULL) STRICT, WITHOUT ROWID;

        CREATE TABLE deleted (run TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

        CREATE TABLE dead_letters (
            partition INTEGER NOT NULL, offset INTEGER NOT NULL, time INTEGER NOT NULL, value TEXT,
            replayed INTEGER,
            PRIMARY KEY (partition, offset)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX dead_letters_by_time ON dead_letters (time, partition, offset);
        """
}
