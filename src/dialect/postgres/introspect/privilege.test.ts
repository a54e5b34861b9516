import { describe, expect, it } from 'vitest'
import { grantsOf, parseAcl } from './privilege.ts'

describe('parseAcl', () => {
  it('reads privileges, grant options, PUBLIC and quoted names', () => {
    expect(parseAcl(['=r/owner', 'app=arw*/owner', '"odd ""name"=X/owner'])).toEqual({
      public: ['SELECT'],
      app: ['INSERT', 'SELECT', 'UPDATE*'],
      'odd "name': ['EXECUTE'],
    })
  })

  it('joins what two grantors gave, the stronger one first', () => {
    expect(parseAcl(['app=r/owner', 'app=r*w/other'])).toEqual({ app: ['SELECT*', 'UPDATE'] })
    expect(parseAcl(['app=r*/owner', 'app=r/other'])).toEqual({ app: ['SELECT*'] })
  })
})

describe('grantsOf', () => {
  it('says nothing of the usual list and of the owner', () => {
    expect(grantsOf({ acl: null, owner: 'o', usual: ['EXECUTE'] })).toBeUndefined()
    expect(grantsOf({ acl: ['=X/o', 'o=X/o'], owner: 'o', usual: ['EXECUTE'] })).toBeUndefined()
  })

  it('says that PUBLIC lost what is usual', () => {
    expect(grantsOf({ acl: ['o=X/o'], owner: 'o', usual: ['EXECUTE'] })).toEqual({ public: [] })
  })
})
