```python
print("markdown")
```
