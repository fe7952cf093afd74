//! A `Box` where a type would hold itself.

use super::resolve::{Body, Model, Ty};

impl Model {
    /// Puts a `Box` where a struct would hold itself.
    pub(super) fn box_cycles(&mut self) {
        // Which structs and enums each one holds with nothing between.
        let count = self.structs.len();
        let total = count + self.enums.len();
        let mut holds: Vec<Vec<usize>> = Vec::with_capacity(total);
        for it in &self.structs {
            let mut direct = Vec::new();
            match &it.body {
                Body::Named(fields) => {
                    fields.iter().for_each(|it| held(&it.ty, count, &mut direct));
                }
                Body::Tuple(items) => items.iter().for_each(|it| held(it, count, &mut direct)),
                Body::Unit => {}
            }
            holds.push(direct);
        }
        for it in &self.enums {
            let mut direct = Vec::new();
            it.variants.iter().for_each(|(.., ty)| held(ty, count, &mut direct));
            holds.push(direct);
        }
        let reaches = |from: usize, to: usize| {
            let (mut seen, mut left) = (vec![false; total], vec![from]);
            while let Some(at) = left.pop() {
                if at == to {
                    return true;
                }
                if let Some(seen) = seen.get_mut(at)
                    && !std::mem::replace(seen, true)
                {
                    left.extend(holds.get(at).into_iter().flatten());
                }
            }
            false
        };
        for at in 0..count {
            let wrap = |ty: &mut Ty| boxed(ty, count, &|target| reaches(target, at));
            match self.structs.get_mut(at).map(|it| &mut it.body) {
                Some(Body::Named(fields)) => fields.iter_mut().for_each(|it| wrap(&mut it.ty)),
                Some(Body::Tuple(items)) => items.iter_mut().for_each(wrap),
                _ => {}
            }
        }
        for (number, it) in self.enums.iter_mut().enumerate() {
            for (.., ty) in &mut it.variants {
                boxed(ty, count, &|target| reaches(target, count + number));
            }
        }
    }
}

/// The structs and enums that a type holds with nothing between.
fn held(ty: &Ty, structs: usize, found: &mut Vec<usize>) {
    match ty {
        Ty::Struct(at) => found.push(*at),
        Ty::Enum(at) => found.push(structs + at),
        Ty::Option(inner) => held(inner, structs, found),
        Ty::Tuple(items) => items.iter().for_each(|it| held(it, structs, found)),
        _ => {}
    }
}

fn boxed(ty: &mut Ty, structs: usize, is_cycle: &dyn Fn(usize) -> bool) {
    match ty {
        Ty::Struct(at) if is_cycle(*at) => *ty = Ty::Box(Box::new(ty.clone())),
        Ty::Enum(at) if is_cycle(structs + *at) => *ty = Ty::Box(Box::new(ty.clone())),
        Ty::Option(inner) => boxed(inner, structs, is_cycle),
        Ty::Tuple(items) => items.iter_mut().for_each(|it| boxed(it, structs, is_cycle)),
        _ => {}
    }
}
