"""What `mmrun test` runs: tests of a strategy, written in YAML.

Takes `*.test.yaml` files; gives results that say what was expected, what came, and the
value of every part of the formula behind it. A test is a state, quoted as `mmrun quote`
quotes it, or a tape of a few lines, run by the engine itself, its kernels as Python.

    files     which files are meant
    read      a file → its tests, every problem with its place; `tape` reads tapes
    play      a test → what was shown, at each moment it asks about; tapes by `scripted`
    compare   what was shown, what was expected → failures
    run       a file from beginning to end
    coverage  which rules and branches of a strategy its tests have reached
    update, report, junit   results written into the file, for people, for CI
    trace     every node's value at each evaluation of the engine
    sample    the same on a made-up market, for `mmrun explain`
"""
