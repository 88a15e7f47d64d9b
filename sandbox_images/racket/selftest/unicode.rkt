#lang racket ; expect: passed
(displayln "naïve 你好 🎉 łódź")
