"""An independent, read-only reader of runlog repos, written from spec/ alone.

Standard library plus `msgpack` and `xxhash`. Usage: reader.py PATH/.aim; prints JSON: for each run its
properties, params, and every sequence by writer with visible and raw rows. Floats are the hex of their
eight bytes, big-endian, so that nothing is lost on the way.
"""
import array, hashlib, json, os, re, struct, sys, zlib
import msgpack, xxhash

class Corrupt(Exception):
    pass

def xxh64(data, seed=0):
    return xxhash.xxh64(data, seed=seed).intdigest()

def read(path):
    with open(path, 'rb') as file:
        return file.read()
# ---- bodies (msgpack.md)
KINDS = {0x10: 'b', 0x11: 'B', 0x12: 'h', 0x13: 'H', 0x14: 'i', 0x15: 'I', 0x16: 'f', 0x17: 'd', 0x18: 'q', 0x19: 'Q'}

def extension(kind, payload):
    if kind == 1:
        return -0.0
    if kind == 2:
        return {'$date': struct.unpack('<d', payload)[0]}
    if kind == 3:
        return payload.decode()
    if kind in (4, 5):
        members = unpack(payload)
        return {'$map' if kind == 4 else '$set': members}
    if kind in KINDS:
        return {'$array': [kind, list(array.array(KINDS[kind], payload))]}
    raise Corrupt(f'extension {kind}')

def unpack(data):
    return msgpack.unpackb(data, raw=False, ext_hook=extension, strict_map_key=False, max_ext_len=2**31 - 1, max_bin_len=2**31 - 1)
# ---- small files (document.md)
def document(path, letter):
    data = read(path)
    if data[:8] != b'\x89RL' + letter + b'\r\n\x1a\n':
        raise Corrupt(f'{path}: magic')
    version, kind, size = struct.unpack_from('<HHI', data, 8)
    if version != 1 or len(data) != 32 + size:
        raise Corrupt(f'{path}: version or size')
    if xxh64(data[:16] + bytes(16) + data[32:]) != struct.unpack_from('<Q', data, 24)[0]:
        raise Corrupt(f'{path}: checksum')
    return kind, unpack(data[32:])
# ---- segments and frames (segment.md)
class Segment:
    def __init__(self, path):
        self.path, self.data = path, read(path)
        head = self.data[:128]
        self.valid = len(head) == 128 and head[:8] == b'\x89RLS\r\n\x1a\n' and xxh64(head[:120]) == struct.unpack_from('<Q', head, 120)[0]
        if self.valid:
            (self.flags, self.log, self.fence, self.number, self.first, self.salt,
             self.before, self.before_number, self.before_length) = struct.unpack_from('<IQIIQQIIQ', head, 12)

    def frame(self, at, limit):
        """(end, type, flags, count, first, watermark, body) or None."""
        if limit - at < 48 or self.data[at:at + 4] != b'RLfr':
            return None
        if xxh64(self.data[at:at + 40], self.salt) != struct.unpack_from('<Q', self.data, at + 40)[0]:
            return None
        size, kind, flags, reserved, count, first, watermark, total = struct.unpack_from('<IBBHIQQQ', self.data, at + 4)
        end = at + 48 + (size + 7) // 8 * 8
        body = self.data[at + 48:at + 48 + size]
        if end > limit or reserved or flags > 7 or any(self.data[at + 48 + size:end]) or xxh64(body, self.salt) != total:
            return None
        return end, kind, flags, count, first, watermark, body

    def frames(self, limit):
        at = 128
        while at < limit:
            found = self.frame(at, limit)
            if found is None:
                at += 8
                continue
            yield (at,) + found
            at = found[0]

def records(at, frame, rewritten):
    """(place, type, key, body, first position of its frame) of each record of a frame."""
    _, kind, flags, count, first, _, body = frame
    if 0 < kind & 127 < 16 or not body:
        return
    value = unpack(zlib.decompress(body, -15) if flags & 4 else body)
    if kind & 127:
        yield at, kind & 127, *(value if flags & 1 else (None, value)), first
    else:
        for inner, key, each in value:
            yield at, inner & 127, key, each, first

def newest(names, word):
    numbers = sorted(int(name.split('-')[1]) for name in names if re.fullmatch(word + r'-\d{8,}', name))
    return numbers[-1] if numbers else 0

def read_log(directory):
    """Lists of records by segment, as recovery.md decides them."""
    names = os.listdir(directory)
    counters = sorted((int(n.split('-')[1]) for n in names if re.fullmatch(r'manifest-\d{8,}', n)), reverse=True)
    counters = [c for c in counters if os.path.getsize(f'{directory}/manifest-{c:08d}')]
    if not counters:
        return
    _, fields = document(f'{directory}/manifest-{counters[0]:08d}', b'M')
    _, log, fence, tail, _, end, segments, _, _ = fields
    for own, number, flags, first, _, length, _, _, _ in segments:
        word = 'rewritten' if flags & 1 else 'segment'
        segment = Segment(f'{directory}/{word}-{own:08d}-{number:06d}')
        yield from (each for at, *frame in segment.frames(length) for each in records((segment.path, at), frame, flags & 1))
    if newest(names, 'fence') > fence:
        return  # undecided: the next owner has not published
    position, number = end, tail
    while os.path.exists(f'{directory}/segment-{fence:08d}-{number:06d}'):
        segment = Segment(f'{directory}/segment-{fence:08d}-{number:06d}')
        after = f'{directory}/segment-{fence:08d}-{number + 1:06d}'
        limit = len(segment.data)
        if os.path.exists(after):
            limit = Segment(after).before_length
        if not segment.valid or segment.log != struct.unpack('<Q', log)[0] or segment.number != number:
            return
        position = segment.first
        for at, *frame in segment.frames(limit):
            if frame[4] != position:
                break
            position = frame[4] + frame[3]
            yield from records((segment.path, at), frame, False)
        number += 1
# ---- columns (columns.md)
def hot_column(data, at, count):
    form = data[at]
    at += 1
    take = lambda layout: struct.unpack_from('<' + layout, data, at)
    if form == 9:
        return [float('nan')] * count, at
    if form == 0:
        return [take('d')[0]] * count, at + 8
    if form == 1:
        first, increment = take('dd')
        return [first + i * increment for i in range(count)], at + 16
    if form in (2, 3, 4):
        code, width = {2: ('B', 1), 3: ('H', 2), 4: ('I', 4)}[form]
        base = take('d')[0]
        return [base + each for each in struct.unpack_from(f'<{count}{code}', data, at + 8)], at + 8 + width * count
    if form in (5, 6):
        code, width = {5: ('f', 4), 6: ('d', 8)}[form]
        return list(take(f'{count}{code}')), at + width * count
    length = take('I')[0]
    if form == 7:
        part, at = hot_column(data, at + 4, length)
        return [part[i % length] for i in range(count)], at
    part, at = hot_column(data, at + 4, -(-count // length))
    return [part[i // length] for i in range(count)], at

def column(data, count):
    form, deflated = data[0] & 127, data[0] & 128
    planes = lambda at: zlib.decompress(data[at:], -15) if deflated else data[at:]
    unplane = lambda raw, width, n: b''.join(bytes(raw[p * n + i] for p in range(width)) for i in range(n))
    if form == 0:
        return [struct.unpack_from('<d', data, 1)[0]] * count
    if form == 1:
        first, increment = struct.unpack_from('<dd', data, 1)
        return [first + i * increment for i in range(count)]
    if form == 2:
        exponent, order, width = data[1:4]
        heads = struct.unpack_from(f'<{order}d', data, 4)
        n, raw = count - order, planes(4 + 8 * order)
        codes = [sum(raw[p * n + i] << (8 * p) for p in range(width)) for i in range(n)]
        values = [c // 2 if c % 2 == 0 else -(c + 1) // 2 for c in codes]
        for head in reversed(heads):
            total, summed = int(head), [int(head)]
            for value in values:
                total += value
                summed.append(total)
            values = summed
        return [v / 10**exponent if exponent else float(v) for v in values]
    if form in (3, 4):
        width, code = (4, 'f') if form == 3 else (8, 'd')
        return list(struct.unpack(f'<{count}{code}', unplane(planes(1), width, count)))
    if form == 5:
        runs, size = struct.unpack_from('<II', data, 1)
        lengths, elements = column(data[9:9 + size], runs), column(data[9 + size:], runs)
        return [element for length, element in zip(lengths, elements) for _ in range(int(length))]
    patches, places, elements = struct.unpack_from('<III', data, 1)
    all_values = column(data[13 + places + elements:], count)
    for place, element in zip(column(data[13:13 + places], patches), column(data[13 + places:13 + places + elements], patches)):
        all_values[int(place)] = element
    return all_values
# ---- a run (records.md, edits.md)
def facts_of(directory):
    names = os.listdir(directory)
    top = max([int(n[9:]) for n in names if n.startswith('snapshot-')], default=-1)
    facts = {'tags': [], 'notes': [], 'archived': False, 'experiment': 'default', 'name': None, 'description': None}
    life = deleted = None
    if top >= 0:
        life, facts['createdAt'], deleted, (facts['name'], facts['experiment'], facts['description'], facts['archived'], facts['tags'], facts['notes']), _ = document(f'{directory}/snapshot-{top:08d}', b'P')[1]
    for top in sorted(int(n[5:]) for n in names if n.startswith('edit-') and int(n[5:]) > top):
        _, kind, time, own, changes = document(f'{directory}/edit-{top:08d}', b'E')[1]
        if kind == 'create' and (life is None or deleted):
            life, deleted = own, False
            facts = {'tags': [], 'notes': [], 'archived': False, 'experiment': 'default', 'name': None, 'description': None, 'createdAt': time}
        deleted = deleted or (kind == 'deleted' and own == life)
        for field, value in changes if own == life else []:
            if field == 'addTag':
                facts['tags'] += [value] if value not in facts['tags'] else []
            elif field == 'removeTag':
                facts['tags'] = [tag for tag in facts['tags'] if tag != value]
            elif field == 'addNote':
                facts['notes'].append(value)
            elif field in ('changeNote', 'removeNote'):
                own_sum = lambda text: xxhash.xxh64(text.encode(), 0).digest()[::-1]
                at = next((n for n, note in enumerate(facts['notes']) if note[0] == value[0] and own_sum(note[1]) == value[1]), None)
                if at is not None:
                    facts['notes'][at:at + 1] = [[value[0], value[2]]] if field == 'changeNote' else []
            else:
                facts[field] = value
    return life, deleted, facts

def bits(values):
    return [struct.pack('>d', value).hex() for value in values]

def read_run(directory):
    life, deleted, facts = facts_of(f'{directory}/edits')
    if deleted:
        return None
    changes, rewinds, undone, rows, keys, objects, contents, artifacts = [], [], set(), {}, {}, {}, {}, []
    for writer in sorted(os.listdir(f'{directory}/logs')):
        axes = {}
        for place, kind, key, body, position in read_log(f'{directory}/logs/{writer}'):
            if kind in (19, 33):
                keys[writer, body[0]] = key
            if kind == 18:
                changes.append((body[0], writer, body))
            elif kind == 20:
                first, count, data = body
                columns, at = [], 0
                for _ in range(5):
                    values, at = hot_column(data, at, count)
                    columns.append(values)
                for i, (sequence, step, value, time, epoch) in enumerate(zip(*columns)):
                    rows.setdefault((keys[writer, int(sequence)], writer), []).append((step, first + i, value, time, epoch))
            elif kind == 21:
                rewinds.append(body)
            elif kind == 22:
                undone.add(body[0])
            elif kind == 25:
                contents[writer, key] = body[1]
            elif kind == 26:
                objects.setdefault((body[0], key, writer), []).append((position, *body[1:]))
            elif kind == 27:
                artifacts.append(artifact_of(os.path.dirname(os.path.dirname(directory)), writer, body))
            elif kind == 32:
                count = body[0]
                epochs = [float('nan')] * count if body[3] is None else column(body[3], count)
                axes.setdefault(place, []).append((column(body[1], count), column(body[2], count), epochs))
            elif kind == 33:
                for frame, index, block in body[2]:
                    axis = axes[place if frame == 0 else (place[0], frame)][index]
                    own = range(len(axis[0])) if block[14] is None else [i for i in range(len(axis[0])) if block[14][i >> 3] >> (i & 7) & 1]
                    values, numbers = column(block[12], block[1]), column(block[13], block[1])
                    rows.setdefault((key, writer), []).extend((axis[0][r], n, v, axis[1][r], axis[2][r]) for r, v, n in zip(own, values, numbers))
    return {'facts': facts, 'params': params_of(changes), 'sequences': [shown(key, writer, each, rewinds, undone) for (key, writer), each in sorted(rows.items())],
            'objects': [objects_of(*name, each, contents, rewinds, undone) for name, each in sorted(objects.items())],
            'artifacts': sorted(artifacts, key=lambda each: each['time'])}

def is_hidden(key, writer, step, rewinds, undone, is_before):
    """`is_before`: of a target's position and point number, whether they lie behind what is asked for."""
    name, context = key.rsplit('\0', 1)
    for rewind, at, of, in_context, targets, _ in rewinds:
        meant = (not name.startswith('__system__') if of is None else of == name) and in_context in (None, context)
        if rewind not in undone and meant and step >= at and any(w == writer and is_before(p, n) for w, p, n in targets):
            return True
    return False

# ---- objects (objects.md)
def objects_of(kind, key, writer, rows, contents, rewinds, undone):
    name, context = key.rsplit('\0', 1)
    visible = {}
    for position, step, epoch, time, items in sorted(rows, key=lambda row: row[0]):
        if not is_hidden(key, writer, step, rewinds, undone, lambda p, _: position < p):
            visible[step] = [step, epoch, time, [object_of(writer, item, contents) for item in items]]
    return {'kind': kind, 'name': name, 'context': json.loads(context), 'writer': writer, 'visible': [visible[step] for step in sorted(visible)]}

def object_of(writer, item, contents):
    attributes, size, content = item
    data = content[0] if isinstance(content, list) else contents[writer, '\0' + content.hex()]
    digest = hashlib.sha256(data).digest()
    if len(data) != size or (isinstance(content, bytes) and digest != content):
        raise Corrupt('content')
    return [attributes, digest.hex(), data]

# ---- artifacts (artifacts.md)
def artifact_of(repo, writer, body):
    name, parts, time, kind, metadata = body[:5]
    files, digest = [], hashlib.sha256()
    for part in parts:
        for path, content, size, mode, mtime in unpack(zlib.decompress(part, -15)) if isinstance(part, bytes) else part:
            if any(each in ('', '.', '..') for each in path.split('/')):
                raise Corrupt('path')
            letter, shown_sum = 'd', '0' * 64
            if isinstance(content, bytes):
                letter, shown_sum = 'f', content.hex()
                with open(f'{repo}/artifacts/{shown_sum[:2]}/{shown_sum}', 'rb') as file:
                    data = file.read()
                if len(data) != size or hashlib.sha256(data).digest() != content:
                    raise Corrupt('content')
            elif isinstance(content, str):
                letter, shown_sum = 'l', hashlib.sha256(content.encode()).hexdigest()
            digest.update(f'{letter} {shown_sum} {path}\0'.encode())
            files.append([letter, path, shown_sum, size, mode, mtime])
    return {'name': name, 'kind': kind, 'time': time, 'writer': writer, 'metadata': metadata,
            'sha256': files[0][2] if kind == 'file' else digest.hexdigest(), 'files': files}

def shown(key, writer, rows, rewinds, undone):
    name, context = key.rsplit('\0', 1)
    rows = sorted(rows, key=lambda row: row[:2])
    hidden = lambda row: is_hidden(key, writer, row[0], rewinds, undone, lambda _, n: row[1] < n)
    visible = {row[0]: row for row in rows if not hidden(row)}
    columns = lambda some: {word: bits(row[i] for row in some) for word, i in (('steps', 0), ('values', 2), ('times', 3), ('epochs', 4))}
    return {'name': name, 'context': json.loads(context), 'writer': writer, 'visible': columns([visible[s] for s in sorted(visible)]), 'raw': columns(rows)}

def params_of(changes):
    root = {}
    for _, _, body in sorted(changes, key=lambda change: change[:2]):
        path, parent = body[1], root
        if not path:
            root = dict(body[2]) if len(body) == 3 else {}
            continue
        for key in path[:-1]:
            if not isinstance(parent.get(key), dict) or any(k.startswith('$') for k in parent[key]):
                parent[key] = {}
            parent = parent[key]
        if len(body) == 3:
            parent[path[-1]] = body[2]
        else:
            parent.pop(path[-1], None)
    return root

if __name__ == '__main__':
    runs = f'{sys.argv[1]}/runs'
    found = {name: read_run(f'{runs}/{name}') for name in sorted(os.listdir(runs))}
    print(json.dumps({name: run for name, run in found.items() if run}, default=lambda each: {'$bytes': each.hex()}))
