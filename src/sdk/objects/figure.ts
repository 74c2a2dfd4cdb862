// A figure at a step: the JSON of Vega-Lite or Plotly, as those libraries take it.
//
// 1. Which of the two it is, is recognised; nothing more of it is understood or changed.
// 2. What JSON cannot hold is refused with its place, not dropped.
//
// Sources: the top level of Vega-Lite's schema and of Plotly's figure (data, layout, frames).
// Spec: spec/objects.md. Test: test/sdk/figure.test.ts.

import { limits } from '../../limits.ts';
import { given, isPlainObject, memberPath, shownPlace } from '../../model/given.ts';
import { checkObjectSize, TrackedObject, utf8 } from './tracked-object.ts';

/** Which library draws it. */
export type FigureFormat = 'vega-lite' | 'plotly';

const mediaTypes: Readonly<Record<FigureFormat, string>> = {
  'vega-lite': 'application/vnd.vegalite+json',
  plotly: 'application/vnd.plotly.v1+json',
};

/** Each makes an object without `$schema` a view of Vega-Lite. */
const viewMembers = ['mark', 'layer', 'concat', 'hconcat', 'vconcat', 'facet', 'repeat'];

/** A plot to be tracked, as Plotly or Vega-Lite specifies it. */
export class Figure extends TrackedObject {
  readonly format: FigureFormat;

  /**
   * `specification`: what `JSON.stringify` takes without loss; typed arrays become arrays, dates their ISO
   * text, members that are undefined are left out.
   *
   * @throws TypeError naming the place of anything else, and when it is neither of the two; RunlogError LIMIT.
   */
  constructor(specification: object) {
    if (!isPlainObject(specification))
      throw new TypeError(`specification: expected an object, got ${given(specification)}`);
    const format = formatOf(specification);
    if (format === undefined)
      throw new TypeError(
        'specification: neither Vega-Lite ($schema, or one of mark, layer, concat, facet, repeat) nor Plotly (data: an array of traces)',
      );
    super(
      'figures',
      mediaTypes[format],
      utf8(jsonOf(specification, 'specification', 0, new Budget())),
      {
        format,
      },
    );
    this.format = format;
  }
}

function formatOf(specification: Readonly<Record<string, unknown>>): FigureFormat | undefined {
  const { $schema: schema, data } = specification;
  if (typeof schema === 'string') return schema.includes('/vega-lite/') ? 'vega-lite' : undefined;
  if (Array.isArray(data)) return data.every(isPlainObject) ? 'plotly' : undefined;
  return viewMembers.some((each) => Object.hasOwn(specification, each)) ? 'vega-lite' : undefined;
}

/** What shares a part many times over, and that one in its turn, would not end: no more is spelled than is taken. */
class Budget {
  #spent = 0;

  spend(text: string): string {
    this.#spent += text.length;
    checkObjectSize(this.#spent, 'a figure');
    return text;
  }
}

function jsonOf(value: unknown, place: string, depth: number, budget: Budget): string {
  return typeof value === 'object' && value !== null
    ? jsonOfContainer(value, place, depth, budget)
    : budget.spend(jsonOfLeaf(value, place));
}

function jsonOfLeaf(value: unknown, place: string): string {
  switch (typeof value) {
    case 'string':
      if (!value.isWellFormed())
        throw new TypeError(`${shownPlace(place)}: not well-formed Unicode, got ${given(value)}`);
      return JSON.stringify(value);
    case 'number':
      if (!Number.isFinite(value))
        throw new TypeError(
          `${shownPlace(place)}: JSON has no ${given(value)}; use null for a gap`,
        );
      return Object.is(value, -0) ? '-0' : JSON.stringify(value);
    case 'boolean':
      return String(value);
    case 'object':
      return 'null';
    default:
      throw new TypeError(`${shownPlace(place)}: JSON has no ${typeof value}, got ${given(value)}`);
  }
}

function jsonOfContainer(value: object, place: string, depth: number, budget: Budget): string {
  if (depth >= limits.figureDepthMax)
    throw new TypeError(
      `${shownPlace(place)}: nested deeper than ${limits.figureDepthMax} (figureDepthMax), or a cycle`,
    );
  if (Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))) {
    const elements = Array.from(value as ArrayLike<unknown>, (each, index) =>
      jsonOf(each, `${place}[${index}]`, depth + 1, budget),
    );
    return `[${elements.join(',')}${budget.spend(']')}`;
  }
  if (value instanceof Date && !Number.isNaN(value.getTime()))
    return budget.spend(JSON.stringify(value.toISOString()));
  if (!isPlainObject(value))
    throw new TypeError(`${shownPlace(place)}: expected a plain object, got ${given(value)}`);
  const members = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .map((key) => {
      const member = memberPath(place, key);
      if (!key.isWellFormed())
        throw new TypeError(`${shownPlace(member)}: the key is not well-formed Unicode`);
      return `${budget.spend(JSON.stringify(key))}:${jsonOf(value[key], member, depth + 1, budget)}`;
    });
  return `{${members.join(',')}}`;
}
