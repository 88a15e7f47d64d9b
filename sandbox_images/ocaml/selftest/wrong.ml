(* expect: wrong_answer *)
let () = Printf.printf "hello %d\n" 42
