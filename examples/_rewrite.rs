//! x
fn main() { let mut a = std::env::args().skip(1); let p: u8 = a.next().unwrap().parse().unwrap(); let b = std::fs::read(a.next().unwrap()).unwrap();
 let g = serde_pickle::Graph::from_slice(&b).unwrap(); let v = serde_pickle::SerOptions::new().protocol(p.try_into().unwrap()).graph_to_vec(&g).unwrap(); std::fs::write("/tmp/out.pickle", v).unwrap(); }
