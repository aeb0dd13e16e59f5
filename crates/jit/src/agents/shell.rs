//! What a shell command changes, as far as that can be told without a shell. What can't be told
//! is not named: whoever asks lets it through.

use std::path::{Path, PathBuf};

use super::patch;
use super::spelled::{Word, escaped};
use super::words::{BEFORE, Piece, pieces};

/// Something that a command writes, moves or takes away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// Relative to where the command begins, or absolute.
    pub(crate) path: PathBuf,
    pub(crate) part: Part,
    /// Whether it is done to the file that a symlink leads to, and not to the symlink.
    pub(crate) follows: bool,
}

/// How much of a path is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of it.
    Whole,
    /// If it is a directory: these names in it.
    Within(Vec<String>),
    /// What is there, and a glob matches that begins in it.
    Matching(String),
}

/// What a command changes by `>` and `>>`, `tee`, `sed -i`, `rm`, `mv`, `cp`, `apply_patch` and
/// `git checkout`, `git restore`, `git rm` and `git mv`, after `cd`.
pub(crate) fn changes(command: &str) -> Vec<Change> {
    let patched = patch::paths(command).into_iter().map(Word::Told).collect();
    let mut script = Script { here: Some(PathBuf::new()), patched, ..Script::default() };
    let mut pieces = pieces(command).unwrap_or_default().into_iter();
    while let Some(piece) = pieces.next() {
        match piece {
            Piece::Word(word) => script.words.push(word),
            Piece::From => drop(pieces.next()),
            Piece::Into => {
                // A pattern that several match is an error there.
                if let Some(Piece::Word(word @ Word::Told(_))) = pieces.next() {
                    script.write(&word);
                }
            }
            Piece::End => script.run(),
            Piece::Open => {
                script.run();
                script.above.push(script.here.clone());
            }
            Piece::Close => {
                script.run();
                if let Some(above) = script.above.pop() {
                    script.here = above;
                }
            }
        }
    }
    script.run();
    script.changes
}

/// A command that is read.
#[derive(Default)]
struct Script {
    /// The directory by now; none where it can't be told.
    here: Option<PathBuf>,
    /// Where the subshells around it are.
    above: Vec<Option<PathBuf>>,
    /// Of the simple command that is read.
    words: Vec<Word>,
    /// What the patches in it name.
    patched: Vec<Word>,
    changes: Vec<Change>,
}

impl Script {
    /// Where a path leads, if that can be told.
    fn leads(&self, path: &str) -> Option<PathBuf> {
        match (&self.here, Path::new(path)) {
            (_, path) if path.is_absolute() => Some(path.to_path_buf()),
            (Some(here), path) => Some(here.join(path)),
            (None, _) => None,
        }
    }

    fn changed(&self, word: &Word) -> Option<Change> {
        match word {
            Word::Told(path) if !path.is_empty() => {
                self.leads(path).map(|path| Change { path, part: Part::Whole, follows: false })
            }
            Word::Pattern(glob) => self.matching(glob),
            Word::Told(_) | Word::Untold => None,
        }
    }

    fn matching(&self, glob: &str) -> Option<Change> {
        let from = if glob.starts_with('/') { Some(PathBuf::from("/")) } else { self.here.clone() };
        from.map(|path| Change { path, part: Part::Matching(glob.to_owned()), follows: false })
    }

    fn change_all(&mut self, words: &[Word]) {
        self.changes.extend(words.iter().filter_map(|word| self.changed(word)).collect::<Vec<_>>());
    }

    /// Changes what is in a file, and leaves a symlink to it as it is.
    fn write(&mut self, word: &Word) {
        self.changes.extend(self.changed(word).map(|change| Change { follows: true, ..change }));
    }

    /// Ends a simple command.
    fn run(&mut self) {
        let words = std::mem::take(&mut self.words);
        let is_before =
            |word: &Word| word.text().is_some_and(|word| BEFORE.contains(&word) || is_assignment(word));
        let begin = words.iter().take_while(|word| is_before(word)).count();
        let Some((Word::Told(name), rest)) = words[begin..].split_first() else { return };
        match &**name {
            "cd" | "pushd" => self.here = rest.first().and_then(|to| self.directory(to)),
            "popd" => self.here = None,
            "tee" => operands(rest, &[]).iter().for_each(|word| self.write(word)),
            "rm" => self.change_all(&operands(rest, &[])),
            "sed" => self.sed(rest),
            "mv" | "cp" => self.copy(rest, name == "mv"),
            "git" => self.git(rest),
            "apply_patch" | "applypatch" => self.change_all(&self.patched.clone()),
            _ => {}
        }
    }

    /// Where `cd` goes.
    fn directory(&self, to: &Word) -> Option<PathBuf> {
        to.text().filter(|to| !to.starts_with(['-', '+'])).and_then(|to| self.leads(to))
    }

    fn sed(&mut self, words: &[Word]) {
        let flags = || texts(words).filter(|word| word.starts_with('-'));
        let in_place = |word: &str| match word.strip_prefix("--") {
            Some(long) => long.starts_with("in-place"),
            None => word[1..].trim_start_matches(['n', 'E', 'r', 's', 'u', 'z']).starts_with('i'),
        };
        if !flags().any(in_place) {
            return;
        }
        let script = |word: &str| {
            word.starts_with("--expression")
                || word.starts_with("--file")
                || !in_place(word) && !word.starts_with("--") && word.ends_with(['e', 'f'])
        };
        let files = operands(words, &["-e", "-f", "-l", "-ne", "-Ee", "-re", "--expression", "--file"]);
        let first = usize::from(!flags().any(script));
        let files: Vec<_> = files.into_iter().filter(|file| file.text() != Some("")).skip(first).collect();
        self.change_all(&files);
    }

    fn copy(&mut self, words: &[Word], moves: bool) {
        let mut operands = operands(words, &["-t", "--target-directory", "-S", "--suffix"]);
        let given = words.iter().position(|word| matches!(word.text(), Some("-t" | "--target-directory")));
        let joined = texts(words).find_map(|word| word.strip_prefix("--target-directory="));
        let last = if given.is_none() && joined.is_none() { operands.pop() } else { None };
        let to = match given {
            Some(at) => words.get(at + 1).and_then(Word::text),
            None => joined.or(last.as_ref().and_then(Word::text)),
        };
        if moves {
            self.change_all(&operands);
        }
        let name = |path: &str| Path::new(path).file_name()?.to_str().map(str::to_owned);
        let within: Vec<String> = texts(&operands).filter_map(name).collect();
        // A name that can't be told is one more that is let through.
        if let Some(path) = to.and_then(|to| self.leads(to)).filter(|_| !within.is_empty()) {
            self.changes.push(Change { path, part: Part::Within(within), follows: !moves });
        }
    }

    /// `git checkout`, `restore`, `rm` and `mv` as far as they change files.
    fn git(&mut self, words: &[Word]) {
        let before = self.here.clone();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.text() {
                Some("-C") => self.here = words.next().and_then(|to| self.directory(to)),
                Some("-c") => drop(words.next()),
                Some("checkout") => {
                    self.checkout(words.as_slice());
                    break;
                }
                Some(command @ ("restore" | "rm" | "mv")) => {
                    self.git_files(command, words.as_slice());
                    break;
                }
                Some(option) if option.starts_with('-') => {}
                _ => break,
            }
        }
        self.here = before;
    }

    /// Without `--`, what is there is a path: were the first of several a revision too, Git would
    /// refuse. One alone may be a branch that is called as a directory, and Git goes there.
    fn checkout(&mut self, words: &[Word]) {
        if let Some(at) = words.iter().position(|word| word.text() == Some("--")) {
            return self.change_all(&words[at + 1..]);
        }
        let options = ["-q", "-f", "-m", "--quiet", "--force", "--merge", "--ours", "--theirs"];
        if texts(words).any(|word| word.starts_with('-') && !options.contains(&word)) {
            return;
        }
        let operands = operands(words, &[]);
        if let [Word::Told(only)] = &operands[..]
            && !only.contains(['/', '.'])
        {
            return;
        }
        for word in operands {
            let glob = match word {
                Word::Told(text) => escaped(&text),
                Word::Pattern(glob) => glob,
                Word::Untold => continue,
            };
            self.changes.extend(self.matching(&glob));
        }
    }

    fn git_files(&mut self, command: &str, words: &[Word]) {
        let has = |options: &[&str]| texts(words).any(|word| options.contains(&word));
        let is_of_index = match command {
            "restore" => has(&["--staged", "-S"]) && !has(&["--worktree", "-W", "-SW", "-WS"]),
            _ => has(&["--cached"]),
        };
        match command {
            _ if is_of_index => {}
            "mv" => self.copy(words, true),
            _ => self.change_all(&operands(words, &["-s", "--source"])),
        }
    }
}

/// What is not an option, nor the value of one of these.
fn operands(words: &[Word], valued: &[&str]) -> Vec<Word> {
    let mut operands = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.text() {
            Some("--") => operands.extend(words.by_ref().cloned()),
            Some(option) if valued.contains(&option) => drop(words.next()),
            Some(option) if option.len() > 1 && option.starts_with('-') => {}
            _ => operands.push(word.clone()),
        }
    }
    operands
}

/// The words whose text is told.
fn texts(words: &[Word]) -> impl Iterator<Item = &str> {
    words.iter().filter_map(Word::text)
}

/// `NAME=value`.
pub(super) fn is_assignment(word: &str) -> bool {
    let name = word.split_once('=').map_or("", |(name, _)| name);
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is changed, as `path`, `path{within,…}` or `path<glob>`.
    fn changed(command: &str) -> String {
        let one = |change: Change| {
            let path = change.path.display();
            match change.part {
                Part::Whole => path.to_string(),
                Part::Within(names) => format!("{path}{{{}}}", names.join(",")),
                Part::Matching(glob) => format!("{path}<{glob}>"),
            }
        };
        changes(command).into_iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_a_command_writes_is_told() {
        for (command, paths) in [
            ("echo a > b", "b"),
            ("echo a >>b 2>c; cat <d", "b c"),
            ("make &> log && echo x >| 'two words'", "log two words"),
            ("echo a >&2 2>&1 1>&-", ""),
            ("echo a >& all", "all"),
            ("cat a | tee -a b c | sort", "b c"),
            ("sed -i s/a/b/ x y", "x y"),
            ("sed -i.bak -e s/a/b/ -e s/c/d/ x", "x"),
            ("sed -ni '' 's/a b/c/' x", "x"),
            ("sed -ne s/a/b/p x", ""),
            ("sed --in-place=.old -E \"s/$a/b/\" x", "x"),
            ("rm -rf -- a -b", "a -b"),
            ("A=b sudo rm a", "a"),
            ("mv a/b c d/", "a/b c d/{b,c}"),
            ("cp -r a/b c", "c{b}"),
            ("cp -t d a b", "d{a,b}"),
            ("mv --target-directory=d a", "a d{a}"),
            ("git checkout HEAD~1 -- a b", "a b"),
            ("git restore -s HEAD~1 a; git -C d restore -SW -- b", "a d/b"),
            ("git restore --staged a; git restore -S b; git rm --cached c", ""),
            ("git rm -rf a b", "a b"),
            ("git mv a b", "a b{a}"),
            ("git -C sub -c x=y checkout -- a && rm b", "sub/a b"),
            ("if true; then rm a; fi", "a"),
            ("echo \"a > b\" '> c' \\> d # > e", ""),
            ("echo a>b", "b"),
            ("[[ a > b ]] && rm c; [[ a > b ]] > d", "c d"),
            ("echo [[ && rm a; grep '[[' b\nrm c; > [[ && rm d", "a c [[ d"),
            ("'[[' a > b; if ! [[ a > ']]' && b > c ]]; then rm d; fi", "b d"),
            ("git commit -m \"$(cat <<'E'\nDon't (\nE\n)\" && rm a", "a"),
            ("x=$(cat <<-E | tr a \"$(cat <<< b)\"\n\t'\n\tE\n)\nrm a", "a"),
            ("x=$((1 << 2)) y=${z:-$(cat <<E\n'}\nE\n)}\nrm a", "a"),
        ] {
            assert_eq!(changed(command), paths, "{command}");
        }
    }

    /// Braces make words of one; what has `*`, `?` or `[…]` matches what is there.
    #[test]
    fn patterns_are_told_from_names() {
        for (command, paths) in [
            ("rm {a,b}/c x{,y}", "a/c b/c x xy"),
            ("rm a{b,{c,d}}e {f} {g,h", "abe ace ade {f} {g,h"),
            ("rm '{a,b}' \\{c,d} {e,'*'}", "{a,b} {c,d} e *"),
            ("rm -rf *.rs d/?x [ab]/c; cd d; rm ../e/*", "<*.rs> <d/?x> <[ab]/c> d<../e/*>"),
            ("cd $x; rm a* /b/*", "/</b/*>"),
            ("rm 'a b'*'[c]' x[ '*'", r"<a b*\[c\]> x[ *"),
            ("rm {a,b*}", "a <b*>"),
            ("mv a* b d", "<a*> b d{b}"),
            ("sed -i s/a*/b/ *.rs", "<*.rs>"),
            ("git checkout HEAD a/b.c", r"<HEAD> <a/b\.c>"),
            ("git checkout -q src/*; git checkout -- {a,b}", "<src/*> a b"),
            ("git checkout a/; git checkout -f .; git checkout a*; git checkout -- a", r"<a/> <\.> <a*> a"),
        ] {
            assert_eq!(changed(command), paths, "{command}");
        }
        assert_eq!(changed("rm {a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}"), "");
    }

    #[test]
    fn directories_are_followed() {
        for (command, paths) in [
            ("cd a && rm b", "a/b"),
            ("(cd a; rm b); rm c", "a/b c"),
            ("cd $a; rm b /c", "/c"),
            ("cd; rm b", ""),
            ("pushd a && rm b; popd; rm c", "a/b"),
            ("pushd +1; rm b", ""),
            ("cd /x && cd y && echo > z", "/x/y/z"),
            ("cd a && apply_patch <<E\n*** Begin Patch\n*** Add File: b\n+> c\nE\nrm d", "a/b a/d"),
        ] {
            assert_eq!(changed(command), paths, "{command}");
        }
    }

    #[test]
    fn what_only_a_shell_can_tell_is_let_through() {
        for command in [
            "rm $a \"$b\" `c` $(d e) $f/*.rs ~/x {1..3} [[:alpha:]] a*(b)",
            "echo > * && cp a b*",
            "echo > $(mktemp) > \"$x/y\" > ~/z > ${a}",
            "[[ a > b ]]",
            "if [[ \"$a\" > b ]]; then echo 1; fi",
            "while [[ a > b ]]; do :; done",
            "[[ -n $x && $x > b || ( a > b ) ]] && echo",
            "[[ -n $x &&\n rm = b ]]",
            "(( a > b ))",
            "diff <(sort a) <(sort b)",
            "git checkout docs; git checkout -q -f docs",
            "git checkout -b main a; git checkout --detach a; git checkout \"$a\"",
            "for f in src/a; do rm $f; done",
            "git status > /dev/null && git commit -m 'rm a > b'",
            "rm 'a",
            "cat <<EOF\n> a\nrm b\nEOF\n",
            "cat <<-'E'\n\t> a\n\tE\n",
            "",
        ] {
            let told = changed(command);
            assert!(matches!(&*told, "" | "/dev/null"), "{command}: {told}");
        }
        assert_eq!(changed("cat > a <<EOF\nrm b\nEOF\nrm c"), "a c");
    }

    #[test]
    fn what_writes_follows_symlinks() {
        for (command, follows) in [
            ("> a; >> a; tee a; cp b a; cp b a/; tee *", true),
            ("rm a; sed -i p a; mv b a; git checkout -- a; git restore a; git mv b a; rm *", false),
        ] {
            assert!(changes(command).iter().all(|change| change.follows == follows), "{command}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_command_is_too_odd(command in "[a-z '\"$(){},.!?/\\[\\]<>&|;\\\\\n`#=~*-]{0,60}") {
            changes(&command);
        }
    }
}
