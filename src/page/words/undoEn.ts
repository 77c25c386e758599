/**
 * The English words of taking a push back, and of a password that it sets.
 * It holds no sentence that the supervisor makes.
 */
export const undoEn = {
  'kind.undo': 'undo',
  'undo.takeBack': 'Take it back',
  'undo.not': 'Cannot be taken back:',
  'undo.undoes': 'undoes',
  'undo.undoneBy': 'undone by',
  'undo.of': 'What an undo of {account} would do',
  'undo.do': 'Undo on {n} {n:host|hosts}',
  'undo.title': 'Undo {id} on {n} {n:host|hosts}?',
  'undo.does':
    'On {n} {n:host|hosts} {account} becomes what it was before {id}; an account that {id} made is removed.',
  'undo.refuses': 'A host where somebody has changed it since is refused, and not touched.',
  'push.password': 'password: set by this push',
} as const;
