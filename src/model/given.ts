// What the checks of this folder share: naming a place in a nested value, and saying what was given.

const SHOWN_SIZE_MAX = 60;

/** A value as an error message shows it: short, never throwing, never running code of the value. */
export function given(value: unknown): string {
  switch (typeof value) {
    case 'string': {
      const text = JSON.stringify(value);
      return text.length <= SHOWN_SIZE_MAX
        ? text
        : `${text.slice(0, SHOWN_SIZE_MAX)}... (${value.length} characters)`;
    }
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'bigint': {
      const text = `${value}n`;
      return text.length <= SHOWN_SIZE_MAX ? text : `${text.slice(0, SHOWN_SIZE_MAX)}...`;
    }
    case 'function':
      return 'a function';
    case 'symbol':
      return 'a symbol';
    case 'object':
      return value === null ? 'null' : kindOf(value);
    default:
      return String(value);
  }
}

function kindOf(value: object): string {
  if (Array.isArray(value)) return 'an array';
  if (isPlainObject(value)) return 'an object';
  const prototype: object = Object.getPrototypeOf(value);
  const maker = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value as unknown;
  const name = typeof maker === 'function' ? maker.name : '';
  return name === '' ? 'an instance of a class' : `an instance of ${name}`;
}

/** True for an object that is no instance of a class: its prototype is null or that of some realm's Object. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype === null) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'hasOwnProperty');
}

const PLACE_SIZE_MAX = 160;
const PLACE_END_SIZE = 60;

/** A place as an error message shows it: the first and the last keys of a long one. */
export function shownPlace(place: string): string {
  if (place.length <= PLACE_SIZE_MAX) return place;
  const step = /[.[]/;
  const first = place.slice(0, PLACE_END_SIZE).replace(/[.[][^.[]*$/, '');
  const last = place.slice(-PLACE_END_SIZE);
  return `${first} ... ${last.slice(Math.max(0, last.search(step)))}`;
}

const identifier = /^[A-Za-z_$][\w$]*$/;

/** `path.key`, or `path["key"]` where the key is no identifier. */
export const memberPath = (path: string, key: string): string =>
  identifier.test(key) ? `${path}.${key}` : `${path}[${given(key)}]`;

/**
 * Makes `key` an own member like any other: assigning to `__proto__` would change the prototype
 * instead.
 */
export function setMember(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  } else object[key] = value;
}
