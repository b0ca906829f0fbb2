/** Compiled by scripts/lessons.mjs. */
declare module "virtual:lessons" {
  export type Inline =
    string | { t: "code"; v: string } | { t: "em" | "strong"; c: Inline[] } | { t: "a"; href: string; c: Inline[] };
  export type Block =
    { t: "p"; c: Inline[] } | { t: "pre"; v: string; run?: boolean } | { t: "ol" | "ul"; c: Block[][] };
  export interface Lesson {
    title: string;
    track: string;
    /** It plays in a world of several nodes, not in the sandbox's. */
    world: boolean;
    prose: Block[];
    goals: Record<string, { text: Block[]; hints: Block[][] }>;
    after: Block[];
    /** The whole file but its answers; its schema is in docs/lessons.md. */
    data: {
      id: string;
      seed: number;
      topology: Record<string, "primary" | { replica_of?: string; disk?: string[]; config?: string[] }>;
      acts?: { do: { act: string; name?: string }[] }[];
      hints?: string[];
      goals: { id: string }[];
      views?: string[];
    };
  }
  export const lessons: { id: string; title: string; track: string; load: () => Promise<Lesson> }[];
}
