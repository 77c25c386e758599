import type { ContainerExamination } from '../detector/containerFacts.ts';

export interface Examined {
  readonly examination: ContainerExamination | null;
  readonly detail: string;
}
