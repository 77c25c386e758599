/**
 * Random containers, who depends on whom, and what happens to them, for fast-check.
 * It says nothing of what should be done about it: healOracle does.
 */
import fc from 'fast-check';

export type Chosen =
  | 'heal'
  | 'labelFalse'
  | 'labelFalseButNamed'
  | 'labelObserve'
  | 'labelNonsense'
  | 'excluded'
  | 'observed'
  | 'unselected';

export interface Spec {
  readonly name: string;
  readonly project: string | null;
  readonly chosen: Chosen;
  readonly special: 'none' | 'own' | 'login';
  readonly hasCheck: boolean;
  readonly edges: readonly Edge[];
}

export interface Edge {
  readonly on: string;
  readonly by: 'label' | 'labelRestart' | 'network' | 'volumes' | 'configuration';
}

/** What becomes of what Docker is told to do. */
export const OUTCOMES = [
  'works',
  'slow',
  'unhealthy',
  'neverHealthy',
  'failsUntouched',
  'stops',
  'silent',
  'late',
  'notDone',
  'answersAndDoesNothing',
  'exits',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

export type Step =
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'become'; readonly i: number; readonly what: Becoming }
  | { readonly kind: 'sickAll'; readonly count: number }
  | { readonly kind: 'docker'; readonly up: boolean }
  | { readonly kind: 'garrison'; readonly downMs: number; readonly meanwhile: readonly Meanwhile[] }
  | { readonly kind: 'maintenance'; readonly scope: number; readonly forMs: number }
  | { readonly kind: 'maintenanceOff'; readonly scope: number }
  | { readonly kind: 'ask'; readonly i: number; readonly how: 'restart' | 'start' | 'stop' | 'heal' }
  | { readonly kind: 'clear'; readonly i: number }
  | { readonly kind: 'outcome'; readonly i: number; readonly outcome: Outcome }
  | { readonly kind: 'compose'; readonly i: number; readonly isAtWork: boolean }
  | { readonly kind: 'examining'; readonly i: number; readonly mode: Examining }
  | { readonly kind: 'zombies'; readonly i: number; readonly count: number };

export type Examining = 'quick' | 'slow' | 'fails' | 'hangs';

export const BECOMING = [
  'sick',
  'well',
  'starting',
  'exits',
  'stoppedByPerson',
  'stoppedSlowlyByPerson',
  'startedByPerson',
  'restartedByPerson',
  'paused',
  'unpaused',
  'ghost',
  'unghost',
  'unprobed',
  'removed',
] as const;
export type Becoming = (typeof BECOMING)[number];

interface Meanwhile {
  readonly i: number;
  readonly what: Becoming;
}

export interface World {
  readonly specs: readonly Spec[];
  readonly steps: readonly Step[];
}

const PROJECTS = ['jms', 'jms', 'jms', 'other', null];

function specsArb(most: number): fc.Arbitrary<Spec[]> {
  const one = fc.record({
    project: fc.constantFrom(...PROJECTS),
    chosen: fc.oneof(
      { weight: 5, arbitrary: fc.constant<Chosen>('heal') },
      {
        weight: 2,
        arbitrary: fc.constantFrom<Chosen>(
          'labelFalse',
          'labelFalseButNamed',
          'labelObserve',
          'labelNonsense',
          'excluded',
          'observed',
          'unselected',
        ),
      },
    ),
    special: fc.constantFrom<Spec['special'][]>(
      ...Array.from({ length: 18 }, () => 'none' as const),
      'own',
      'login',
    ),
    hasCheck: fc.boolean(),
    wishes: fc.array(
      fc.record({
        to: fc.nat(most),
        by: fc.constantFrom<Edge['by'][]>(
          'label',
          'label',
          'labelRestart',
          'network',
          'volumes',
          'configuration',
        ),
      }),
      { maxLength: 2 },
    ),
  });
  return fc
    .tuple(
      fc.array(one, { minLength: 1, maxLength: most, size: 'max' }),
      fc.constantFrom('free', 'chain', 'star', 'circle', 'none'),
    )
    .map(([all, shape]) => {
      const names = all.map((_, index) => `c${String(index)}`);
      return all.map((each, index) => ({
        name: names[index]!,
        project: shape === 'free' || shape === 'none' ? each.project : 'jms',
        chosen: each.chosen,
        special: each.special,
        // Only a health check makes one sick, but for a ghost.
        hasCheck: each.hasCheck || index % 3 !== 2,
        edges: edgesOf(shape, index, { all: all.map(({ project }) => project), names, wishes: each.wishes }),
      }));
    });
}

function edgesOf(
  shape: string,
  index: number,
  from: {
    readonly all: readonly (string | null)[];
    readonly names: readonly string[];
    readonly wishes: readonly { readonly to: number; readonly by: Edge['by'] }[];
  },
): Edge[] {
  const by = from.wishes[0]?.by ?? 'label';
  const count = from.names.length;
  switch (shape) {
    case 'chain':
      return index === 0 ? [] : [{ on: from.names[index - 1]!, by }];
    case 'star':
      return index === 0 ? [] : [{ on: from.names[0]!, by }];
    case 'circle':
      return count === 1 ? [] : [{ on: from.names[(index + 1) % count]!, by }];
    case 'free':
      return from.wishes
        .filter(({ to }) => to % count !== index)
        .filter(({ to, by: how }) => {
          const [own, other] = [from.all[index], from.all[to % count]];
          return how === 'network' || how === 'volumes' || (own !== null && own === other);
        })
        .map(({ to, by: how }) => ({ on: from.names[to % count]!, by: how }));
    default:
      return [];
  }
}

const index = fc.nat(7);
const shortOrLong = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 8_000 }) },
  { weight: 6, arbitrary: fc.integer({ min: 5_000, max: 60_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 60_000, max: 1_200_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1_200_000, max: 2_400_000 }) },
);

const becoming = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Becoming>('sick') },
  { weight: 4, arbitrary: fc.constantFrom(...BECOMING) },
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('pass'), ms: shortOrLong }) },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('become'), i: index, what: becoming }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('sickAll'), count: fc.integer({ min: 2, max: 6 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('docker'), up: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('garrison'),
      downMs: shortOrLong,
      meanwhile: fc.array(fc.record({ i: index, what: fc.constantFrom(...BECOMING) }), { maxLength: 2 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('maintenance'),
      scope: fc.nat(9),
      forMs: fc.integer({ min: 1_000, max: 600_000 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('maintenanceOff'), scope: fc.nat(9) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('ask'),
      i: index,
      how: fc.constantFrom('restart', 'restart', 'start', 'stop', 'heal', 'heal'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear'), i: index }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('outcome'), i: index, outcome: fc.constantFrom(...OUTCOMES) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('compose'), i: index, isAtWork: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('examining'),
      i: index,
      mode: fc.constantFrom<Examining[]>('quick', 'slow', 'fails', 'hangs'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('zombies'), i: index, count: fc.constantFrom(0, 0, 50) }),
  },
);

export const worldArb: fc.Arbitrary<World> = fc.record({
  specs: specsArb(6),
  steps: fc.array(step, { minLength: 6, maxLength: 40, size: 'max' }),
});

/** One container alone that turns sick, under a Docker that answers, whatever becomes of treatments. */
export const loneArb: fc.Arbitrary<{ readonly outcomes: readonly Outcome[] }> = fc.record({
  outcomes: fc.array(fc.constantFrom(...OUTCOMES), { minLength: 1, maxLength: 8 }),
});
