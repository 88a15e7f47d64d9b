; Functions of the file and its modules; those of `impl` blocks and traits are methods. Attributes
; are part of the code. Tests (`#[test]`, `#[tokio::test]`, everything under `#[cfg(test)]`) are left
; out and counted.

(line_comment) @comment
(block_comment) @comment
(attribute_item) @attribute

((attribute_item) @testing
  (#match? @testing "^#\\s*\\[\\s*([\\w\\s:]*?(\\b|_)test|bench|rstest|quickcheck|proptest|test_case)\\s*[\\](=]"))
((attribute_item) @testing
  (#match? @testing "^#\\s*\\[\\s*cfg\\s*\\((?!\\s*not\\b)[\\s\\S]*\\btest\\b")
  (#not-match? @testing "not\\s*\\(\\s*test\\s*\\)"))
((inner_attribute_item) @testing.rest
  (#match? @testing.rest "^#!\\s*\\[\\s*cfg\\s*\\((?!\\s*not\\b)[\\s\\S]*\\btest\\b")
  (#not-match? @testing.rest "not\\s*\\(\\s*test\\s*\\)"))

(function_item name: (_) @name) @function
(mod_item body: (_) @inside) @container
(impl_item type: (generic_type type: (_) @name) body: (_) @inside) @class
(impl_item type: (_) @name body: (_) @inside) @class
(trait_item name: (_) @name body: (_) @inside) @class
(ERROR) @container
