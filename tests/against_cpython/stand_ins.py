"""Stand-ins for whatever a program names, which take any call, item and state."""
try:
    # A memo index or a length is allocated before it is looked at, and where a frame lies, an older
    # Python may read one of a billion: that is an error here, and not the end of the machine.
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
except (ImportError, ValueError):
    pass

class Meta(type):
    def append(cls, item): pass
    def extend(cls, items): list(items)
    def add(cls, item): pass
    def __setitem__(cls, key, value): pass
    def __call__(cls, *args, **kwargs): return cls.__new__(cls)

class Thing(metaclass=Meta):
    def __new__(cls, *args, **kwargs): return object.__new__(cls)
    def __getattr__(self, name):
        if name in ('append', 'add', '__setstate__'): return lambda item: None
        if name == 'extend': return list
        raise AttributeError(name)
    def __setitem__(self, key, value): pass
    def __call__(self, *args, **kwargs): return Thing()

