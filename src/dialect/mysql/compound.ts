// Follows a statement word by word and knows whether a `;` ends it or belongs to a body: CREATE PROCEDURE, FUNCTION,
// TRIGGER, EVENT and PACKAGE, MariaDB's BEGIN NOT ATOMIC and its other block statements. Promises that a body is
// left exactly when its last block is closed. It does not check grammar; the server does.
import type { TokenKind } from './lex.ts'

type Frame =
  | 'BEGIN'
  | 'IF'
  | 'CASE'
  | 'LOOP'
  | 'WHILE'
  | 'REPEAT'
  | 'FOR'
  /** A CASE expression inside a statement. */
  | 'EXPRESSION'
  /** Oracle mode: declarations before BEGIN. */
  | 'DECLARE'
  | 'PACKAGE'

type Phase =
  | 'lead'
  | 'create'
  | 'begin'
  | 'routine'
  | 'trigger'
  | 'event'
  | 'package'
  | 'definition'
  | 'body'
  | 'ordinary'

const BLOCKS: ReadonlySet<string> = new Set(['IF', 'CASE', 'LOOP', 'WHILE', 'REPEAT', 'FOR'])

/** Words that begin a body of one statement, after which nothing opens a block. */
const SIMPLE: ReadonlySet<string> = new Set(
  'SET SELECT INSERT UPDATE DELETE REPLACE CALL WITH DO VALUES SIGNAL RESIGNAL TRUNCATE CREATE DROP ALTER EXECUTE'.split(
    ' ',
  ),
)

/** Between CREATE and the kind of object. */
const BEFORE_KIND: ReadonlySet<string> = new Set(['OR', 'REPLACE', 'DEFINER', 'AGGREGATE'])

/** After these an END is an operand (a column of that name), not the end of a CASE expression. */
const OPERATORS: ReadonlySet<string> = new Set(
  'CASE WHEN THEN ELSE AND OR NOT XOR IN IS LIKE BETWEEN DIV MOD RLIKE REGEXP BINARY INTERVAL'.split(' '),
)

/** After these IS tests a value: `RETURN a IS NULL`. */
const TESTS: ReadonlySet<string> = new Set(['NULL', 'NOT', 'TRUE', 'FALSE', 'UNKNOWN'])

export class Compound {
  #phase: Phase = 'lead'
  readonly #frames: Frame[] = []
  /** The next word begins a statement of the body. */
  #atStart = false
  /** Everything up to the next `;` is inert: label or keyword after END. */
  #afterEnd = false
  #until = false
  #maybeEndRepeat = false
  #declaring = false
  #handler: 'for' | 'condition' | 'sqlstate' | 'after' | undefined
  /** Oracle mode: a routine's header inside a package or declaration. */
  #nested = false
  #followed = false
  #parens = 0
  #parameters = false
  #returning = false
  #alter = false
  #previousWord = ''
  #previousSymbol = ''
  #operand = false
  #label = false
  readonly #trusted: boolean

  /** @param trusted a DELIMITER line is in force: the author marks the ends of bodies */
  constructor(trusted: boolean) {
    this.#trusted = trusted
  }

  /** True while a `;` would not end the statement. */
  get open(): boolean {
    return this.#frames.length > 0
  }

  /** True when the statement is of a kind that can have a body. */
  get compound(): boolean {
    return this.#phase !== 'lead' && this.#phase !== 'ordinary' && this.#phase !== 'create' && this.#phase !== 'begin'
  }

  /** Nothing that follows in this statement can open a body: tokens need not be fed any more. */
  get settled(): boolean {
    return this.#phase === 'ordinary'
  }

  /** The next token is the code of a routine in another language; it may be in dollar quotes (MySQL 9). */
  get definition(): boolean {
    return this.#phase === 'definition'
  }

  /** Feeds a token other than `;`. `value` is needed for words and symbols. */
  feed(kind: TokenKind, value: string): void {
    if (this.#phase === 'ordinary' || kind === 'code-open' || kind === 'code-close') return
    // After a dot or @ every word is a name.
    const name = kind === 'word' && (this.#previousSymbol === '.' || this.#previousSymbol === '@')
    const word = kind === 'word' && !name && value.length <= 12 ? value.toUpperCase() : ''
    const symbol = kind === 'symbol' ? value : ''
    this.#step(kind, word, symbol)
    this.#previousWord = kind === 'word' ? word : ''
    this.#previousSymbol = symbol
    this.#operand = symbol === '' ? !OPERATORS.has(word) : symbol === ')'
  }

  /** A `;` inside an open body. */
  semicolon(): void {
    this.#atStart = true
    this.#afterEnd = false
    this.#until = false
    this.#declaring = false
    this.#handler = undefined
    this.#nested = false
    this.#previousWord = ''
    this.#previousSymbol = ';'
    this.#operand = false
    this.#label = false
  }

  #step(kind: TokenKind, word: string, symbol: string): void {
    if (symbol === '(') this.#parens++
    else if (symbol === ')') {
      this.#parens--
      if (this.#parens === 0) this.#parameters = true
    }
    switch (this.#phase) {
      case 'lead':
        this.#lead(kind, word)
        break
      case 'create':
        this.#create(kind, word)
        break
      case 'begin':
        // BEGIN and BEGIN WORK control transactions; BEGIN NOT ATOMIC is a block.
        if (word === 'NOT') this.#enter('BEGIN')
        else if (this.#trusted && word !== 'WORK' && kind !== 'end') {
          this.#enter('BEGIN')
          this.#body(kind, word, symbol)
        } else this.#phase = 'ordinary'
        break
      case 'routine':
        this.#routine(word)
        break
      case 'definition':
        this.#definition(kind, word, symbol)
        break
      case 'trigger':
        if (word === 'ROW' && this.#previousWord === 'EACH') this.#startBody()
        break
      case 'event':
        if (word === 'DO' && this.#parens === 0) this.#startBody()
        break
      case 'package':
        if (word === 'AS' || word === 'IS') this.#enter('PACKAGE')
        break
      case 'body':
        this.#body(kind, word, symbol)
        break
      default:
    }
  }

  #lead(kind: TokenKind, word: string): void {
    if (kind !== 'word') this.#phase = 'ordinary'
    else if (word === 'CREATE' || word === 'ALTER') {
      this.#phase = 'create'
      this.#alter = word === 'ALTER'
    } else if (word === 'BEGIN') this.#phase = 'begin'
    else if (word === 'DECLARE') this.#enter('DECLARE')
    else if (BLOCKS.has(word)) {
      this.#startBody()
      this.#body(kind, word, '')
    } else this.#phase = 'ordinary'
  }

  #create(kind: TokenKind, word: string): void {
    if (this.#parens > 0 || kind !== 'word' || word === '') return
    // The account of DEFINER = account.
    if (this.#previousSymbol === '=' || BEFORE_KIND.has(word)) return
    if (word === 'EVENT') this.#phase = 'event'
    else if (this.#alter) this.#phase = 'ordinary'
    else if (word === 'PROCEDURE' || word === 'FUNCTION') {
      this.#phase = 'routine'
      this.#parameters = false
    } else if (word === 'TRIGGER') this.#phase = 'trigger'
    else if (word === 'PACKAGE') this.#phase = 'package'
    else this.#phase = 'ordinary'
  }

  #routine(word: string): void {
    if (this.#parens > 0 || word === '') return
    const previous = this.#previousWord
    if (word === 'AS' || word === 'IS') {
      this.#phase = 'definition'
      return
    }
    if (!this.#parameters || this.#returning) return
    // A body of one statement, or in Oracle mode the type, with AS and the body still to come.
    if (word === 'RETURN') this.#returning = true
    else if (word === 'BEGIN') this.#enter('BEGIN')
    else if (BLOCKS.has(word)) {
      this.#startBody()
      this.#body('word', word, '')
    } else if (SIMPLE.has(word) && !(word === 'SET' && (previous === 'RETURNS' || isCharacter(previous)))) {
      this.#phase = 'body'
    }
  }

  /** What follows AS or IS in a routine's header. */
  #definition(kind: TokenKind, word: string, symbol: string): void {
    if (kind === 'quoted' || (this.#returning && TESTS.has(word))) this.#phase = 'body'
    else {
      this.#enter('DECLARE')
      this.#body(kind, word, symbol)
    }
  }

  #startBody(): void {
    this.#phase = 'body'
    this.#atStart = true
  }

  #enter(frame: Frame): void {
    this.#phase = 'body'
    this.#frames.push(frame)
    this.#atStart = true
  }

  #body(kind: TokenKind, word: string, symbol: string): void {
    if (this.#afterEnd) return
    const top = this.#frames.at(-1)
    if (top === 'EXPRESSION') {
      if (word === 'CASE') this.#frames.push('EXPRESSION')
      else if (word === 'END' && this.#operand) this.#frames.pop()
      return
    }
    if (this.#maybeEndRepeat) {
      this.#maybeEndRepeat = false
      if (word === 'REPEAT') {
        this.#close()
        return
      }
    }
    if (this.#handler !== undefined && !this.#condition(kind, word, symbol)) return
    const label = this.#label
    this.#label = this.#atStart && (kind === 'word' || kind === 'quoted')
    if (this.#atStart) {
      this.#atStart = false
      this.#begins(word, symbol, top)
    } else if (symbol === ':' && label) this.#atStart = true
    else this.#continues(word, top)
  }

  /** A token at the start of a statement. */
  #begins(word: string, symbol: string, top: Frame | undefined): void {
    // `x := 1` looked like a label at its colon.
    if (symbol === '=') return
    this.#followed = false
    switch (word) {
      case 'BEGIN':
        if (top === 'DECLARE' || top === 'PACKAGE') this.#frames[this.#frames.length - 1] = 'BEGIN'
        else this.#frames.push('BEGIN')
        this.#atStart = true
        return
      case 'LOOP':
      case 'REPEAT':
        this.#frames.push(word)
        this.#atStart = true
        return
      case 'IF':
      case 'CASE':
      case 'WHILE':
      case 'FOR':
        this.#frames.push(word)
        return
      case 'NOT':
      case 'ATOMIC':
        // BEGIN NOT ATOMIC
        this.#atStart = true
        return
      case 'ELSE':
        this.#atStart = true
        return
      case 'END':
        this.#close()
        return
      case 'UNTIL':
        this.#until = true
        return
      case 'DECLARE':
        this.#declaring = true
        return
      case 'FOLLOWS':
      case 'PRECEDES':
        // The name of another trigger stands between FOR EACH ROW and the body.
        if (top === undefined) {
          this.#followed = true
          return
        }
        return
      case 'PROCEDURE':
      case 'FUNCTION':
        this.#nested = top === 'PACKAGE' || top === 'DECLARE'
        return
      default:
    }
  }

  /** A token inside a statement. */
  #continues(word: string, top: Frame | undefined): void {
    if (this.#followed && top === undefined) {
      // The word after FOLLOWS or PRECEDES is the name; the body follows it.
      this.#followed = false
      this.#atStart = true
      return
    }
    switch (word) {
      case 'THEN':
        this.#atStart = top !== undefined
        return
      case 'ELSE':
        this.#atStart = top !== undefined
        return
      case 'DO':
        if (top === 'WHILE' || top === 'FOR') this.#atStart = true
        return
      case 'LOOP':
        if (top === 'WHILE' || top === 'FOR') {
          this.#frames[this.#frames.length - 1] = 'LOOP'
          this.#atStart = true
        }
        return
      case 'CASE':
        this.#frames.push('EXPRESSION')
        return
      case 'END':
        if (this.#until && top === 'REPEAT') this.#maybeEndRepeat = true
        return
      case 'HANDLER':
        if (this.#declaring) this.#handler = 'for'
        return
      case 'AS':
      case 'IS':
        if (this.#nested) {
          this.#nested = false
          this.#frames.push('DECLARE')
          this.#atStart = true
        }
        return
      default:
    }
  }

  /** Reads the conditions of DECLARE … HANDLER FOR; true when the token begins the handler's statement. */
  #condition(kind: TokenKind, word: string, symbol: string): boolean {
    if (this.#handler === 'for') {
      if (word === 'FOR') this.#handler = 'condition'
    } else if (this.#handler === 'condition') {
      if (word === 'SQLSTATE') this.#handler = 'sqlstate'
      else if (word !== 'NOT') this.#handler = 'after'
    } else if (this.#handler === 'sqlstate') {
      if (kind === 'quoted') this.#handler = 'after'
    } else if (symbol === ',') this.#handler = 'condition'
    else {
      this.#handler = undefined
      this.#declaring = false
      this.#atStart = true
      return true
    }
    return false
  }

  #close(): void {
    this.#frames.pop()
    this.#afterEnd = true
    this.#atStart = false
  }
}

function isCharacter(word: string): boolean {
  return word === 'CHARACTER' || word === 'CHAR'
}
