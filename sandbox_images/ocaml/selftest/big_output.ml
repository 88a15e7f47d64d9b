(* expect: passed *)
let () = for i = 0 to 19999 do Printf.printf "%d\n" i done
