/** Who depends on whom, from labels of every age, shared namespaces and the configuration; and which of the sick are roots. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ContainerFacts } from '../../src/detector/containerFacts.ts';
import { ancestorsOf, dependencyGraph, sickRoots } from '../../src/reconciler/dependency.ts';
import { idOf, madeUpContainer } from '../support/madeUpContainer.ts';

const NAMES = ['core', 'celery', 'koko', 'lion', 'nginx', 'redis'];

describe('the dependency graph', () => {
  it('reads the label in its three formats', () => {
    const all = [
      madeUpContainer('core'),
      madeUpContainer('koko', { dependsOnLabel: 'core' }),
      madeUpContainer('lion', { dependsOnLabel: 'core:service_healthy' }),
      madeUpContainer('nginx', { dependsOnLabel: 'core:service_healthy:true,koko:service_started:false' }),
      madeUpContainer('redis', { dependsOnLabel: '' }),
    ];
    const { dependencies, problems } = dependencyGraph(all, {});
    const said = dependencies.map(
      ({ dependent, on, restart }) => `${nameOf(all, dependent)}>${nameOf(all, on)} ${String(restart)}`,
    );
    assert.deepEqual(said, ['koko>core false', 'lion>core false', 'nginx>core true', 'nginx>koko false']);
    assert.deepEqual(problems, []);
  });

  it('knows what has joined the namespace or the volumes of another', () => {
    const all = [
      madeUpContainer('core'),
      madeUpContainer('koko', { shares: [{ what: 'network', with: idOf('core') }] }),
      madeUpContainer('lion', { shares: [{ what: 'volumes', with: 'core' }] }),
    ];
    const { dependencies } = dependencyGraph(all, {});
    assert.deepEqual(
      dependencies.map(({ because }) => because),
      ['network', 'volumes'],
    );
  });

  it('takes what the configuration says, by container or by service, within a project', () => {
    const all = [
      madeUpContainer('jms_core', { service: 'core' }),
      madeUpContainer('jms_koko', { service: 'koko' }),
      madeUpContainer('other_core', { service: 'core', project: 'other' }),
    ];
    const { dependencies, problems } = dependencyGraph(all, { jms_koko: ['core'], nobody: ['core'] });
    assert.deepEqual(
      dependencies.map(({ on }) => nameOf(all, on)),
      ['jms_core'],
    );
    assert.match(problems.join(), /nobody on core: there are no two such containers/);
  });

  it('says what of a label made no sense, and goes on without it', () => {
    const koko = madeUpContainer('koko', { dependsOnLabel: 'core:whenever:perhaps,nowhere,::,,' });
    const { dependencies, problems } = dependencyGraph([madeUpContainer('core'), koko], {});
    assert.equal(dependencies.length, 1);
    assert.equal(problems.length, 3);
  });
});

describe('the roots of what is sick', () => {
  it('of the incident is core alone', () => {
    const others = ['celery', 'koko', 'lion', 'nginx'].map((name) =>
      madeUpContainer(name, { dependsOnLabel: 'core:service_healthy' }),
    );
    const all = [madeUpContainer('core'), ...others];
    const roots = sickRoots(dependencyGraph(all, {}), all);
    assert.deepEqual(
      roots.map(({ id }) => nameOf(all, id)),
      ['core'],
    );
  });

  it('of a circle is one of it, and says who else is in it', () => {
    const all = [
      madeUpContainer('core', { dependsOnLabel: 'koko' }),
      madeUpContainer('koko', { dependsOnLabel: 'core' }),
      madeUpContainer('nginx', { dependsOnLabel: 'koko' }),
    ];
    const roots = sickRoots(dependencyGraph(all, {}), all);
    assert.deepEqual(roots, [{ id: idOf('core'), circle: [idOf('core'), idOf('koko')] }]);
  });

  it('is there whenever somebody is sick, explains every sick one, and no root explains another', () => {
    fc.assert(
      fc.property(someContainers(), fc.subarray(NAMES, { minLength: 1 }), (all, sickNames) => {
        const graph = dependencyGraph(all, {});
        const sick = all.filter(({ name }) => sickNames.includes(name));
        const roots = sickRoots(graph, sick);
        const chosen = roots.map(({ id }) => id);
        for (const { id } of sick) {
          const above = ancestorsOf(graph, id);
          assert.ok(
            chosen.some((root) => root === id || above.has(root)),
            'explained',
          );
        }
        for (const root of chosen)
          for (const other of chosen)
            assert.ok(root === other || !ancestorsOf(graph, root).has(other), 'independent');
      }),
    );
  });
});

function someContainers(): fc.Arbitrary<ContainerFacts[]> {
  const edges = fc.uniqueArray(fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom(...NAMES)), {
    selector: ([one, other]) => `${one} ${other}`,
    maxLength: 12,
  });
  return edges.map((pairs) =>
    NAMES.map((name) => {
      const on = pairs.filter(([dependent]) => dependent === name).map(([, other]) => other);
      return madeUpContainer(name, { dependsOnLabel: on.join(',') });
    }),
  );
}

function nameOf(all: readonly ContainerFacts[], id: string): string {
  return all.find((each) => each.id === id)?.name ?? '?';
}
