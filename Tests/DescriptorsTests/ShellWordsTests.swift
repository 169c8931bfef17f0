import Descriptors
import Testing

@Suite struct ShellWordsTests {
    /// Commands and their words, as Python's `shlex.split` gives them.
    @Test(arguments: [
        ("", []), ("  \t\n ", []), ("x", ["x"]), ("foo bar", ["foo", "bar"]), (" foo  bar ", ["foo", "bar"]),
        ("foo\tbar\r\nbaz", ["foo", "bar", "baz"]), (#"foo \"bar\" bla"#, ["foo", #""bar""#, "bla"]),
        (#""foo" "bar" "bla""#, ["foo", "bar", "bla"]), (#""foo" bar "bla""#, ["foo", "bar", "bla"]),
        (#"foo 'bar' bla"#, ["foo", "bar", "bla"]),
        (#"blurb foo"bar"bar"fasel" baz"#, ["blurb", "foobarbarfasel", "baz"]),
        (#"'foo\' bar"#, [#"foo\"#, "bar"]), (#"foo\ bar"#, ["foo bar"]),
        (#"foo \x bar"#, ["foo", "x", "bar"]),
        (#"\\"#, [#"\"#]), (#""" '' x"#, ["", "", "x"]), (#"a""b"#, ["ab"]), (#""a\"b""#, [#"a"b"#]),
        (#""a\b""#, [#"a\b"#]), (#""a\\b""#, [#"a\b"#]), (#"'a"b'"#, [#"a"b"#]), (#""a'b""#, ["a'b"]),
        ("a#b # c", ["a#b", "#", "c"]), ("a;b|c>d&", ["a;b|c>d&"]),
        ("$HOME $(X) `y` *", ["$HOME", "$(X)", "`y`", "*"]),
        ("'two\nlines'", ["two\nlines"]), ("größe='ä ö' 日本", ["größe=ä ö", "日本"]),
        ("--x='' y", ["--x=", "y"]),
    ])
    func aCommandIsSplitAsAShellDoes(command: String, words: [String]) throws {
        #expect(try ShellWords.split(command) == words)
    }

    @Test(arguments: [
        ("foo 'bar", ShellWords.Failure.unclosedQuote("'")), (#"foo "bar"#, .unclosedQuote("\"")),
        (#"foo "bar'"#, .unclosedQuote("\"")), (#"foo \"#, .nothingEscaped), (#""foo \"#, .nothingEscaped),
    ])
    func aBrokenCommandSaysWhatIsMissing(command: String, failure: ShellWords.Failure) {
        #expect(throws: failure) { try ShellWords.split(command) }
        #expect(!failure.description.isEmpty)
    }
}
