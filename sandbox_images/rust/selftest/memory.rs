// expect: memory_limit signalled
fn main() {
    let mut held = Vec::new();
    loop { held.push(vec![1u8; 1 << 20]); }
}
