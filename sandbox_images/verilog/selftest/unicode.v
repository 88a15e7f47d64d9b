// expect: passed
module main;
  initial $display("naïve 你好 🎉 łódź");
endmodule
