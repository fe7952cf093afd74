//! The effects of opcodes on containers and objects.

use super::calls::Known;
use super::machine::{NONE, Outcome, Unpickler};
use super::{Done, How, Id, Made, Thing};

impl Unpickler<'_> {
    // Checks of containers and objects

    pub(super) fn all_hashable(&self, keys: &[Id]) -> Outcome {
        if keys.iter().all(|&key| self.world.is_hashable(key)) { Ok(()) } else { Err("unhashable") }
    }

    /// Returns true if an object may be given something: not if it is a builtin value in disguise.
    pub(super) fn open(&self, id: Id) -> Outcome {
        match &self.world.things[id] {
            Thing::Made(made) if made.known.is_some_and(Known::is_value) => {
                Err("a builtin value takes nothing")
            }
            _ if self.world.is_object(id) => Ok(()),
            _ => Err("takes no such thing"),
        }
    }

    pub(super) fn append(&mut self, list: Id, items: &[Id]) -> Outcome {
        if items.is_empty() {
            return Ok(());
        }
        if let Thing::List(content) = &mut self.world.things[list] {
            content.extend_from_slice(items);
            return Ok(());
        }
        self.open(list)?;
        self.world.done[list].extend(items.iter().map(|&item| Done::Append(item)));
        Ok(())
    }

    pub(super) fn store(&mut self, dict: Id, items: &[Id]) -> Outcome {
        if items.is_empty() {
            return Ok(());
        }
        if !items.len().is_multiple_of(2) {
            return Err("a key without a value");
        }
        let pairs = items.chunks(2).map(|pair| (pair[0], pair[1]));
        if matches!(self.world.things[dict], Thing::Dict(_)) {
            let keys: Vec<Id> = pairs.clone().map(|(key, _)| key).collect();
            self.all_hashable(&keys)?;
            if let Thing::Dict(content) = &mut self.world.things[dict] {
                content.extend(pairs);
            }
            return Ok(());
        }
        self.open(dict)?;
        self.world.done[dict].extend(pairs.map(|(key, value)| Done::Store(key, value)));
        Ok(())
    }

    pub(super) fn add(&mut self, set: Id, items: &[Id]) -> Outcome {
        if items.is_empty() {
            return Ok(());
        }
        let spelled =
            matches!(&self.world.things[set], Thing::Made(Made { known: Some(Known::Set), .. }));
        if spelled || matches!(self.world.things[set], Thing::Set(_)) {
            self.all_hashable(items)?;
        }
        if let Thing::Set(content) = &mut self.world.things[set] {
            content.extend_from_slice(items);
            return Ok(());
        }
        if !spelled {
            self.open(set)?;
        }
        self.world.done[set].extend(items.iter().map(|&item| Done::Add(item)));
        Ok(())
    }

    /// BUILD. `None` does nothing to what has no `__setstate__`.
    pub(super) fn build(&mut self, object: Id, state: Id) -> Outcome {
        let builtin = match &self.world.things[object] {
            Thing::Made(made) => made.known.is_some_and(Known::is_value),
            _ => !self.world.is_object(object),
        };
        if builtin && state != NONE {
            return Err("a builtin value takes no state");
        }
        self.world.done[object].push(Done::State(None, state));
        Ok(())
    }

    /// POP. A mark counts as an item.
    pub(super) fn discard(&mut self) -> Outcome {
        let Ok(popped) = self.pop() else {
            self.pop_mark()?;
            return Ok(());
        };
        // A call `setter(object, state)` that is dropped while `object` is on top is how a state
        // setter is written.
        let Ok(object) = self.top() else { return Ok(()) };
        let Thing::Made(Made { how: How::Reduce, callable, args, .. }) = &self.world.things[popped]
        else {
            return Ok(());
        };
        let getattr = matches!(
            &self.world.things[*callable],
            Thing::Global { module, name }
                if name == "getattr" && (module == "builtins" || module == "__builtin__")
        );
        if let [target, state] = args[..]
            && target == object
            && !getattr
            && self.world.is_object(object)
        {
            let callable = *callable;
            self.world.done[object].push(Done::State(Some(callable), state));
        }
        Ok(())
    }

    // Objects

    pub(super) fn read_global(&mut self) -> Outcome<Id> {
        let (module, name) = (self.filled_line()?, self.filled_line()?);
        let text =
            |line: &[u8]| String::from_utf8(line.to_vec()).map_err(|_| "a name that is not UTF-8");
        let (module, name) = (text(module)?, text(name)?);
        Ok(self.world.add(Thing::Global { module, name }))
    }

    /// Without a registry a code stands for something without a name.
    pub(super) fn extension(&mut self, code: u64) -> Outcome {
        if code == 0 || code >= 1 << 31 {
            return Err("a code that is not positive");
        }
        self.push(Thing::Extension(code as u32));
        Ok(())
    }

    pub(super) fn callable(&self, id: Id) -> Outcome {
        if self.world.may_be_called(id) { Ok(()) } else { Err("cannot be called") }
    }

    pub(super) fn make(&mut self, how: How, callable: Id, args: Vec<Id>, kwargs: Option<Id>) {
        self.push(Thing::Made(Made {
            how,
            callable,
            args,
            kwargs,
            known: None,
            taken: Vec::new(),
        }));
    }

    pub(super) fn reduce(&mut self, callable: Id, args: Vec<Id>) -> Outcome {
        let known = self.world.understand(callable, &args)?;
        let taken = match (known, args.as_slice()) {
            (Some(Known::Set | Known::FrozenSet), &[items]) => match &self.world.things[items] {
                Thing::List(items) | Thing::Tuple(items) => items.clone(),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        };
        self.push(Thing::Made(Made {
            how: How::Reduce,
            callable,
            args,
            kwargs: None,
            known,
            taken,
        }));
        Ok(())
    }

    /// READONLY_BUFFER: the memo keeps what it has, only the stack sees the view.
    pub(super) fn make_readonly(&mut self) -> Outcome {
        let top = self.pop()?;
        let view = match self.world.things[top] {
            Thing::Bytes(_) | Thing::View(_) | Thing::Buffer { readonly: true, .. } => top,
            Thing::Buffer { number, .. } => match self.readonly.get(&number) {
                Some(view) => *view,
                None => {
                    let view = self.world.add(Thing::Buffer { number, readonly: true });
                    self.readonly.insert(number, view);
                    view
                }
            },
            Thing::ByteArray(_) => self.world.add(Thing::View(top)),
            _ if self.world.is_object(top) => self.world.add(Thing::View(top)),
            _ => return Err("no buffer"),
        };
        self.stack.push(view);
        Ok(())
    }
}
