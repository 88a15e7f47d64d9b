// expect: passed
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

fn main() {
    let total = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| for _ in 0..1000 { total.fetch_add(1, Ordering::SeqCst); });
        }
    });
    println!("{}", total.load(Ordering::SeqCst));
}
