(* expect: memory_limit runtime_error *)
let () =
  let held = ref [] in
  while true do held := Bytes.make 1000000 'x' :: !held done
