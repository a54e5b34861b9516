// SHOW CREATE TABLE of both servers, taken apart.
import { describe, expect, it } from 'vitest'
import { parseCreateTable } from './create-table.ts'
import { tokensOf, withoutDatabase, withoutVersions } from './token.ts'

const MYSQL = `CREATE TABLE \`t\` (
  \`id\` int NOT NULL AUTO_INCREMENT,
  \`p\` point NOT NULL /*!80003 SRID 4326 */,
  \`h\` varchar(10) CHARACTER SET latin1 COLLATE latin1_bin DEFAULT _utf8mb4'x, y' /*!80023 INVISIBLE */,
  \`g\` int GENERATED ALWAYS AS ((\`id\` + 1)) STORED NOT NULL,
  \`j\` json DEFAULT (json_array()),
  \`at\` timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP COMMENT 'a '')'' b',
  PRIMARY KEY (\`id\`),
  UNIQUE KEY \`u\` (\`h\`(3) DESC) USING HASH COMMENT 'c' /*!80000 INVISIBLE */,
  KEY \`f\` ((lower(\`h\`))),
  FULLTEXT KEY \`w\` (\`h\`) /*!50100 WITH PARSER \`ngram\` */ ,
  CONSTRAINT \`fk\` FOREIGN KEY (\`g\`) REFERENCES \`o\` (\`x\`, \`y\`) ON DELETE CASCADE,
  CONSTRAINT \`ck\` CHECK ((\`id\` > 0)) /*!80016 NOT ENFORCED */
) ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci STATS_PERSISTENT=1 COMMENT='x=1'
/*!50100 PARTITION BY RANGE (\`id\`)
(PARTITION p0 VALUES LESS THAN (10) ENGINE = InnoDB,
 PARTITION p1 VALUES LESS THAN MAXVALUE ENGINE = InnoDB) */`

describe('MySQL', () => {
  const table = parseCreateTable(withoutVersions(MYSQL))

  it('finds the attributes of columns', () => {
    const [id, p, h, g, j, at] = table.columns
    expect(id?.properties).toEqual({ type: 'int', notNull: true, autoIncrement: true })
    expect(p?.properties).toEqual({ type: 'point', notNull: true, options: 'SRID 4326' })
    expect(h).toMatchObject({ charset: 'latin1', collation: 'latin1_bin' })
    expect(h?.properties).toEqual({ type: 'varchar(10)', default: "_utf8mb4'x, y'", invisible: true })
    expect(g?.properties).toEqual({
      type: 'int',
      notNull: true,
      generated: { kind: 'stored', expression: '(`id` + 1)' },
    })
    expect(j?.properties).toEqual({ type: 'json', default: '(json_array())' })
    expect(at?.properties).toEqual({
      type: 'timestamp',
      default: 'CURRENT_TIMESTAMP',
      onUpdate: 'CURRENT_TIMESTAMP',
      comment: "a ')' b",
    })
  })

  it('finds keys, constraints, options and partitions', () => {
    expect(table.parts.map(({ kind, name, definition }) => `${kind} ${name}: ${definition}`)).toEqual([
      'primary : PRIMARY KEY (`id`)',
      'index u: UNIQUE KEY (`h`(3) DESC) USING HASH',
      'index f: KEY ((lower(`h`)))',
      'index w: FULLTEXT KEY (`h`) WITH PARSER `ngram`',
      'foreign fk: FOREIGN KEY (`g`) REFERENCES `o` (`x`, `y`) ON DELETE CASCADE',
      'check ck: CHECK ((`id` > 0))  NOT ENFORCED',
    ])
    expect(table.parts[1]).toMatchObject({ hidden: 'invisible', comment: 'c', unique: true })
    expect(table).toMatchObject({ engine: 'InnoDB', comment: 'x=1', options: { STATS_PERSISTENT: '1' } })
    expect(table.partition).toMatchObject({
      by: 'RANGE (`id`)',
      parts: [
        { name: 'p0', definition: 'VALUES LESS THAN (10) ENGINE = InnoDB' },
        { name: 'p1', definition: 'VALUES LESS THAN MAXVALUE ENGINE = InnoDB' },
      ],
    })
  })
})

it('takes the name of the database away only where it stands before a name', () => {
  expect(withoutDatabase("select `shop`.`t`.`a`, 'shop.t', shop.f(1), x.shop.y from shop.t as shop", 'shop')).toBe(
    "select `t`.`a`, 'shop.t', f(1), x.shop.y from t as shop",
  )
  expect(withoutDatabase('CREATE DEFINER=`a`@`shop`.x', 'shop')).toBe('CREATE DEFINER=`a`@`shop`.x')
})

it('reads names with quotes and signs in them', () => {
  expect(tokensOf("`a``b,(` 'it''s \\' ,'").map(({ text }) => text)).toEqual(['`a``b,(`', "'it''s \\' ,'"])
})
