import { expect } from 'chai'
import fc from 'fast-check'
import { formatJson, type Json } from '../../src/json.ts'
import { parseJson } from '../../src/read-json.ts'
import {
  compareDecimals,
  compileSchema,
  isMultiple,
  isRotateOnly,
  itemSchema,
  mentionsRotateOnly,
  mergedSchema,
  parseDecimal,
  propertySchema,
  record,
  refTarget,
  type Schema,
  type SchemaObject,
  schemaFromJson,
  schemaToJson,
  tuple,
} from '../../src/schema/index.ts'

const string = { type: 'string' } as const
const number = { type: 'number' } as const
const boolean = { type: 'boolean' } as const

describe('itemSchema() and propertySchema()', () => {
  const arrays: SchemaObject[] = [
    { type: 'array', prefixItems: [string, number], items: boolean },
    { type: 'array', prefixItems: [number, boolean] },
    string,
  ]
  const objects: SchemaObject[] = [
    { type: 'object', properties: { a: string, b: number }, additionalProperties: false },
    { type: 'object', properties: { a: number, b: boolean }, additionalProperties: number },
    string,
  ]
  for (const union of ['anyOf', 'oneOf'] as const) {
    it(`combine what the members of ${union} say`, () => {
      const items = { [union]: arrays }
      expect(itemSchema(items, 0)).to.deep.equal({ oneOf: [string, number] })
      expect(itemSchema(items, 1)).to.deep.equal({ oneOf: [number, boolean] })
      expect(itemSchema(items, 2)).to.deep.equal(boolean)
      const properties = { [union]: objects }
      expect(propertySchema(properties, 'a')).to.deep.equal({ oneOf: [string, number] })
      expect(propertySchema(properties, 'b')).to.deep.equal({ oneOf: [number, boolean] })
      expect(propertySchema(properties, 'c')).to.deep.equal(number)
    })
  }

  it('know nothing of what any holds, nor of names every object has', () => {
    expect(propertySchema(true, 'a')).to.equal(false)
    expect(propertySchema({ type: 'object', properties: {} }, 'constructor')).to.equal(false)
    expect(propertySchema({ type: 'object', additionalProperties: string }, '__proto__')).to.deep.equal(string)
  })
})

describe('mergedSchema()', () => {
  it('unites the properties of two objects', () => {
    const base = record({ a: string, o: record({ x: string, y: string }) })
    expect(mergedSchema(base, record({ b: number, o: record({ x: number }) }))).to.deep.include({
      required: ['a', 'b', 'o'],
    })
    const merged = mergedSchema(base, record({ o: record({ x: number }) })) as SchemaObject
    expect(schemaToJson(merged.properties!.o!)).to.deep.equal(schemaToJson(record({ x: number, y: string })))
  })

  it('replaces anything else', () => {
    expect(mergedSchema(record({ a: string }), string)).to.equal(string)
    expect(mergedSchema(true, tuple([]))).to.deep.equal({ items: false, type: 'array' })
  })

  it('keeps the additional properties of either', () => {
    const open = (items: Schema): SchemaObject => ({ type: 'object', additionalProperties: items })
    expect(mergedSchema(open(string), record({ a: number }))).to.deep.include({ additionalProperties: string })
    expect(mergedSchema(open(string), open(number))).to.deep.include({ additionalProperties: true })
  })
})

describe('compileSchema()', () => {
  it('marks what only a rotation resolves, and everything beneath it', () => {
    const compiled = compileSchema({
      type: 'object',
      properties: { next: { type: 'array', items: string }, other: string },
      rotateOnly: ['next'],
    })
    const next = propertySchema(compiled, 'next')
    expect([next, itemSchema(next, 3), propertySchema(compiled, 'other')].map(isRotateOnly)).to.deep.equal([
      true,
      true,
      false,
    ])
    expect(mentionsRotateOnly(compiled)).to.equal(true)
    expect(isRotateOnly(compiled)).to.equal(false)
  })

  it('marks any, too, and still prints it as true', () => {
    const compiled = compileSchema({ type: 'object', properties: { x: true }, rotateOnly: ['x'] })
    expect(isRotateOnly(propertySchema(compiled, 'x'))).to.equal(true)
    expect(schemaToJson(compiled)).to.deep.equal({ properties: { x: true }, type: 'object', rotateOnly: ['x'] })
  })

  it('resolves references, also to themselves', () => {
    const list = { type: 'object', properties: { next: { $ref: '#/$defs/list' } } } as const
    const compiled = compileSchema({ $defs: { list }, $ref: '#/$defs/list' }) as SchemaObject
    const target = refTarget(compiled) as SchemaObject
    expect(refTarget(target.properties!.next as SchemaObject)).to.equal(target)
  })

  const mistakes: [string, Schema][] = [
    ['only fragment references of the form #/$defs/ref are supported', { $ref: 'other.json' }],
    ['unknown subschema #/$defs/x', { $ref: '#/$defs/x' }],
    ['unknown subschema #/$defs/constructor', { $defs: {}, $ref: '#/$defs/constructor' }],
    ['strconv.ParseUint: parsing "1.5": invalid syntax', { minLength: 1.5 }],
    ['error parsing regexp: missing closing ): `(`', { items: { pattern: '(' } }],
  ]
  for (const [message, schema] of mistakes)
    it(`refuses: ${message}`, () => {
      expect(() => compileSchema(schema)).to.throw(message)
    })

  it('does not look at definitions nobody refers to', () => {
    expect(() => compileSchema({ $defs: { bad: { pattern: '(' } } })).not.to.throw()
  })
})

describe('schemaToJson() and schemaFromJson()', () => {
  for (const text of [
    'true',
    'false',
    '{"type":"string"}',
    '{"$ref":"#/$defs/x","type":""}',
    '{"prefixItems":[{"type":"number","const":1.0},false],"items":false,"type":"array"}',
    '{"properties":{"__proto__":{"type":"","const":false}},"type":"object","required":["__proto__"],"secret":true}',
  ])
    it(`round-trip ${text}`, () => {
      expect(formatJson(schemaToJson(schemaFromJson(parseJson(text))))).to.equal(text)
    })

  it('leave out what is empty, and ignore what they do not know', () => {
    const schema = schemaFromJson({
      type: 'object',
      properties: {},
      required: [],
      title: '',
      'x-note': 1,
      const: null,
    } as Json)
    expect(schemaToJson(schema)).to.deep.equal({ type: 'object' })
  })

  it('name a member of the wrong type', () => {
    const message =
      'failed to parse schema: json: cannot unmarshal string into Go struct field rawSchema.secret of type bool'
    expect(() => schemaFromJson({ secret: 'yes' })).to.throw(message)
  })
})

describe('decimals', () => {
  it('compare by value', () => {
    const compare = (a: string, b: string) => compareDecimals(parseDecimal(a)!, parseDecimal(b)!)
    expect(compare('1', '1.0')).to.equal(0)
    expect(compare('1e-3', '0.0010')).to.equal(0)
    expect(compare('-2', '1')).to.equal(-1)
    expect(compare('9007199254740993', '9007199254740992')).to.equal(1)
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        (a, b) => {
          expect(compare(String(a), String(b))).to.equal(a < b ? -1 : a > b ? 1 : 0)
        },
      ),
    )
  })

  it('know multiples as people do', () => {
    const multiple = (a: string, b: string) => isMultiple(parseDecimal(a)!, parseDecimal(b)!)
    expect(multiple('0.3', '0.1')).to.equal(true)
    expect(multiple('10', '2.5')).to.equal(true)
    expect(multiple('7', '2')).to.equal(false)
    expect(multiple('0', '3')).to.equal(true)
    expect(multiple('3', '0')).to.equal(false)
    expect(multiple('1e300', '7e-300')).to.equal(true)
  })

  it('are finite and take no time', () => {
    expect(parseDecimal('NaN')).to.equal(undefined)
    const start = performance.now()
    expect(isMultiple(parseDecimal('1e999999999')!, parseDecimal('1e-999999999')!)).to.equal(true)
    expect(performance.now() - start).to.be.lessThan(500)
  })
})
