//! Whether an agent may do what it is about to do, whatever program it runs in.

use std::path::{Path, PathBuf};

use jit_core::verdict::{Commit, Committed};
use jit_core::{AgentId, Holder, Lease, Mode, Pattern, RepoPath, Scope, Touch, Touched};
use jit_git::{NamedPath, SystemGit};
use serde_json::{Map, Value};

use crate::agents::{Answer, Change, Part, Program, ToolCall, What, calls, changed, with_option};
use crate::error::{Code, Failure};
use crate::input::paths::case;
use crate::input::places::{places, written};
use crate::render::text::told;
use crate::shell::quoted;
use crate::verdict::claiming::claimed;
use crate::verdict::matching::matching;
use crate::verdict::{Objection, Verdict, of_paths, untold, verdict};
use crate::world::{World, options};

/// The answer to what a program says on standard input.
pub(crate) fn answered(world: &World<'_>, program: Program, text: &[u8]) -> Answer {
    let asked = match program.call(text) {
        Ok(ToolCall { what: What::Other, .. }) => return Answer::Allow { note: None, input: None },
        Ok(call) => Asked::new(world, program, call),
        Err(why) => Err(Failure::unread_call(program, &why)),
    };
    match asked {
        Ok(asked) => asked.answered(),
        Err(failure) => answer(untold(world, failure), None),
    }
}

/// The answer that a verdict comes to.
fn answer(Verdict { refused, said }: Verdict, input: Option<Map<String, Value>>) -> Answer {
    let denied = !refused.is_empty();
    let lines: Vec<String> = refused.iter().chain(&said).map(told).collect();
    let text = lines.concat().trim_end().to_owned();
    match denied {
        true => Answer::Deny { reason: text },
        false => Answer::Allow { note: Some(text).filter(|text| !text.is_empty()), input },
    }
}

/// What is asked about.
struct Asked<'w, 'm> {
    world: &'w World<'m>,
    program: Program,
    call: ToolCall,
    /// Where the call is made.
    here: PathBuf,
    /// Who makes it, as far as that was said.
    by: Option<AgentId>,
}

impl<'w, 'm> Asked<'w, 'm> {
    fn new(world: &'w World<'m>, program: Program, call: ToolCall) -> Result<Self, Failure> {
        let here = world.path("").join(call.directory.as_deref().unwrap_or(Path::new(".")));
        let by = world.agent_of(program.name(), call.session.as_deref(), call.sub.as_deref())?;
        Ok(Self { world, program, call, here, by })
    }

    fn answered(self) -> Answer {
        let mut whole = Verdict::default();
        let here = self.world.seen(&self.here, self.by.clone());
        for (at, (there, paths)) in self.places().into_iter().enumerate() {
            let elsewhere = there.repo().ok().and_then(|repo| repo.worktree()).filter(|_| at > 0);
            let options = options(elsewhere, self.untold().map(ToString::to_string).as_deref());
            let mut notes = Vec::new();
            let found = verdict(&there, |by| self.objections(&there, by, &paths, &mut notes));
            let found = match found {
                Ok(found) => found,
                // What is in no repository is nobody's.
                Err(failure) if failure.code == Code::NotARepository => continue,
                Err(failure) => untold(&here, failure),
            };
            let hinted = |failure: Failure| failure.with_options(&options);
            whole.refused.extend(found.refused.into_iter().map(hinted));
            whole.said.extend(found.said.into_iter().chain(notes).map(hinted));
        }
        answer(whole, self.input())
    }

    /// The worktrees that are changed, and what in each: first the one where the call is made.
    fn places(&self) -> Vec<(World<'m>, Vec<PathBuf>)> {
        let seen = |place: &Path| self.world.seen(place, self.by.clone());
        places(seen(&self.here), self.paths(), seen)
    }

    /// What is changed.
    fn paths(&self) -> Vec<PathBuf> {
        let resolved = |Change { path, part, follows }: Change| {
            let path = self.here.join(path);
            let paths = match part {
                Part::Matching(glob) => matching(&path, &glob),
                Part::Within(names) if path.is_dir() => names.iter().map(|name| path.join(name)).collect(),
                Part::Whole | Part::Within(_) => vec![path],
            };
            paths.into_iter().map(move |path| if follows { written(path) } else { path })
        };
        changed(&self.call.what).into_iter().flat_map(resolved).collect()
    }

    /// What speaks against changing paths; and what there is to say besides.
    fn objections(
        &self,
        world: &World<'_>,
        by: &Holder,
        paths: &[PathBuf],
        notes: &mut Vec<Failure>,
    ) -> Result<Vec<Objection>, Failure> {
        let mut named = Vec::new();
        for path in paths {
            named.extend(pattern(world, path)?);
        }
        let patterns = named.iter().map(|(_, pattern)| pattern.clone()).collect();
        let paths = Scope::of_any_size(patterns, Mode::Exclusive, case(world)?);
        let mut found = world.read(&Commit::of_paths(Touch {
            actor: by.clone(),
            paths: paths.clone(),
            against: None,
        }))?;
        if !found.touched.outside.is_empty() || to_be_claimed(world, &found).is_some() {
            leave_ignored(world, &named, &mut found.touched);
        }
        // What nobody took over can be taken anew, as what only lapsed.
        found.lost.retain(|(lost, by)| by.is_none() || self.concerns(&lost.lease, &paths, &found.own));
        let now = found.touched.now;
        if !found.lost.is_empty() || !found.lapsed.is_empty() {
            let look = world.look(now);
            notes.extend(found.lapsed.iter().map(|lease| Failure::has_lapsed(lease, &now)));
            notes.extend(found.lost.iter().map(|(lost, by)| Failure::was_lost(lost, by.as_ref(), &look)));
        }
        if let Some(paths) = to_be_claimed(world, &found) {
            return Ok(match claimed(world, by, &found.own, &paths) {
                Ok(lease) => {
                    let grew = found.own.iter().any(|own| own.id == lease.id);
                    notes.push(Failure::was_claimed(&lease, &paths, grew));
                    Vec::new()
                }
                Err(failure) => vec![Objection { failure, replaced: found.replaced }],
            });
        }
        Ok(of_paths(world, by, found))
    }

    /// Whether what is done has to do with a lease that another took over. Who does something else meanwhile is
    /// not to hear of it before every action, and nobody keeps a record of what was said.
    fn concerns(&self, lost: &Lease, changed: &Scope, own: &[Lease]) -> bool {
        let may_commit = match &self.call.what {
            What::Shell { command, .. } => calls(command, "git") || calls(command, "jit"),
            What::Edit(_) | What::Other => false,
        };
        may_commit
            || match lost.scope.is_none() {
                true => own.is_empty() && !changed.is_none(),
                false => !changed.overlaps(&lost.scope).is_empty(),
            }
    }

    /// Who acts, where a command would not know it by itself.
    fn untold(&self) -> Option<&AgentId> {
        let by = self.by.as_ref()?;
        // Codex tells its shells, and not its hooks.
        let is_told = self.program == Program::Codex && self.call.sub.is_none();
        let knows = self.world.named_agent().is_ok_and(|named| named.as_ref() == Some(by));
        (!is_told && !knows).then_some(by)
    }

    /// A shell command's input, where that calls jit: with who acts as an option, and in the
    /// environment where it can't be made out where jit is called.
    fn input(&self) -> Option<Map<String, Value>> {
        let What::Shell { command, input: Some(input) } = &self.call.what else { return None };
        let by = quoted(&self.untold()?.to_string());
        if !calls(command, "jit") || command.contains("JIT_AGENT_ID") {
            return None;
        }
        let told = with_option(command, "--agent", &by)
            .unwrap_or_else(|| format!("export JIT_AGENT_ID={by}; {command}"));
        let mut input = input.clone();
        let before = input.insert("command".into(), told.into());
        (before.as_ref() != input.get("command")).then_some(input)
    }
}

/// What Git ignores is nobody's work: one's own leases need not cover it.
fn leave_ignored(world: &World<'_>, named: &[(String, Pattern)], touched: &mut Touched) {
    // Who has paths is to have these too; who has none, perhaps those that nobody has.
    let missing = if touched.outside.is_empty() { &mut touched.free } else { &mut touched.outside };
    let names = named.iter().filter(|(name, path)| !name.is_empty() && missing.contains(path));
    let names: Vec<&str> = names.map(|(name, _)| name.as_str()).collect();
    // Where Git can't say, it is as any other path.
    let ignored = world.repo().ok().and_then(|repo| repo.ignored(&SystemGit::on_path(), &names).ok());
    let ignored = ignored.unwrap_or_default();
    let is_work = |path: &Pattern| named.iter().any(|(name, own)| own == path && !ignored.contains(name));
    missing.retain(is_work);
}

/// What the agent is to have before it goes on: nothing if somebody else has some of it.
fn to_be_claimed(world: &World<'_>, found: &Committed) -> Option<Vec<Pattern>> {
    let has_paths = found.own.iter().any(|lease| !lease.scope.is_none());
    let missing = if has_paths { &found.touched.outside } else { &found.touched.free };
    let wanted = world.policy().is_ok_and(|policy| policy.auto_claim);
    (wanted && found.touched.held.is_empty() && !missing.is_empty()).then(|| missing.clone())
}

/// What a path is called from the root on, and what it means to leases; nothing outside of the worktree and for what is not code.
fn pattern(world: &World<'_>, path: &Path) -> Result<Option<(String, Pattern)>, Failure> {
    let literal = format!(":(literal){}", path.display());
    let named = world.repo()?.named_path(&SystemGit::on_path(), &literal);
    let Ok(NamedPath::Literal(name)) = named else { return Ok(None) };
    // What is in `.jit` goes by who holds an issue, which a commit is judged by.
    if matches!(name.split('/').next(), Some(".git" | ".jit")) {
        return Ok(None);
    }
    let pattern = match (name.is_empty(), path.is_dir()) {
        (true, _) => Pattern::literal(RepoPath::root()).ok(),
        (_, true) => name.parse().ok().and_then(|path| Pattern::literal(path).ok()),
        _ => name.parse().ok().map(Pattern::exact),
    };
    Ok(pattern.map(|pattern| (name, pattern)))
}
