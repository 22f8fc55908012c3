use statistics::*; use statistics::simulate::Noise;
fn main(){
  let n_exp=10000;
  for noise in Noise::ALL { for blocks in [8usize,12,20] {
    let mut r=Seed::new(1).stream(noise.name());
    let (mut hit,mut hitlvl,mut w)=(0,0,0.0);
    // true median of one arm level by large sample
    let mut big:Vec<f64>=(0..200000).map(|_|noise.block(2,&mut r)[0]).collect(); big.sort_by(f64::total_cmp); let med=big[100000];
    for _ in 0..n_exp { let v:Vec<Vec<f64>>=(0..blocks).map(|_|noise.block(2,&mut r)).collect();
      let d:Vec<f64>=v.iter().map(|x|x[0]-x[1]).collect();
      let e=signed_rank::estimate(&d).unwrap(); if e.low<=0.0&&0.0<=e.high {hit+=1} w+=e.high-e.low;
      let l:Vec<f64>=v.iter().map(|x|x[0]).collect();
      let e=level::median_estimate(&l).unwrap(); if e.low<=med&&med<=e.high {hitlvl+=1}
    }
    println!("{:45} {blocks:3} ratio {:.2} level {:.2} width {:.3}",noise.name(),hit as f64/100.0,hitlvl as f64/100.0,w/n_exp as f64);
  }}
  // stop rule
  for noise in Noise::ALL { for least in [6usize,8,10,12] { for pairs in [1usize,6] {
    let mut r=Seed::new(2).stream(noise.name()); let (mut hit,mut tot,mut used,mut early)=(0,0,0,0);
    for _ in 0..2000 { let mut d=vec![vec![];pairs]; let mut b=0;
      loop { for p in d.iter_mut(){let v=noise.block(2,&mut r);p.push(v[0]-v[1]);} b+=1;
        if b>=40 {break} if b>=least && d.iter().all(|p|signed_rank::estimate(p).map(|e|(e.high-e.low)/2.0<=0.03f64.ln_1p()).unwrap()) {early+=1;break} }
      used+=b; for p in &d {tot+=1; let e=signed_rank::estimate(p).unwrap(); if e.low<=0.0&&0.0<=e.high {hit+=1}} }
    println!("stop {:45} least {least} pairs {pairs} cover {:.2} blocks {:.1} sharp {:.2}",noise.name(),hit as f64*100.0/tot as f64,used as f64/2000.0, early as f64/2000.0);
  }}}
}
