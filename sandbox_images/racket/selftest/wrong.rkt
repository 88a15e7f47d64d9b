#lang racket ; expect: wrong_answer
(printf "hello ~a\n" (* 6 7))
