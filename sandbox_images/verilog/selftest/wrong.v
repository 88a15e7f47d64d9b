// expect: wrong_answer
module main;
  initial $display("hello %0d", 6 * 7);
endmodule
